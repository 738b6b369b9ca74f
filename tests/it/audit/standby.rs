//! A database that became read-only: nothing is acknowledged that it did not store, and writes succeed again once it accepts
//! them.

use super::full_disk::{a_case, committed};
use crate::app::{Process, Server, Settings, TestApp, Volume};
use entity::clock::Clock;
use reqwest::Method;
use std::time::{Duration, Instant};

#[tokio::test]
async fn on_a_standby_writes_are_refused_and_reads_answered_until_it_is_promoted() {
    let Some(volume) = Volume::mount(224) else { return };
    let Some(server) = Server::start(&volume) else { return };
    let app = TestApp::start_at(&server.url(), Settings { clock: Clock::system(), ..Settings::default() }).await;
    let member = app.as_member().await;
    let mut process = Process::start(&app).await;
    let send = async |method: Method, path: &str| {
        let request = process.request(method.clone(), path).bearer_auth(member.token());
        let request = if method == Method::POST { request.json(&a_case()) } else { request };
        request.send().await.expect("an answer")
    };
    let http = crate::app::http().build().unwrap();
    let is_ready = async || http.get(format!("{}/readyz", process.base)).send().await.unwrap().status() == 200;
    assert_eq!(send(Method::POST, "cases").await.status(), 201);
    assert!(is_ready().await);

    server.stand_by();
    let refused = send(Method::POST, "cases").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    let begun = Instant::now();
    while is_ready().await {
        assert!(begun.elapsed() < Duration::from_secs(2), "it says that it is ready, and refuses every write");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A member's list of cases is not recorded, so it needs no write. Connections from before the restart are found to be lost.
    while send(Method::GET, "cases").await.status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the database can be read, and is not");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // On connections to the standby.
    for _ in 0..5 {
        let refused = send(Method::POST, "cases").await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "1");
    }

    server.promote();
    let begun = Instant::now();
    while send(Method::POST, "cases").await.status() != 201 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the database accepts writes, and the service does not");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(process.is_running(), "it is not the same process any more");
    assert_eq!(committed(&app).await.0, 2);
    process.kill();
    app.finish().await;
}
