//! How clients are affected while the service stops.

use crate::app::{Kind, Process, Settings, TestApp};
use entity::clock::Clock;
use reqwest::Method;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Allows for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: casetrail\r\n\r\n";

async fn connect(process: &Process) -> TcpStream {
    TcpStream::connect(process.address()).await.unwrap()
}

/// Sends a request and reads the first part of the response.
async fn ask(wire: &mut TcpStream, request: &str) -> String {
    wire.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let length = wire.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Everything received until the service closes the connection.
async fn rest(wire: &mut TcpStream) -> String {
    let mut rest = String::new();
    tokio::time::timeout(PATIENCE, wire.read_to_string(&mut rest)).await.expect("it closes").unwrap();
    rest
}

async fn start(drain: &str) -> (TestApp, Process) {
    let app = TestApp::start_with(Kind::Sqlite, Settings { clock: Clock::system(), ..Settings::default() }).await.unwrap();
    let process = Process::start_with(&app, &[("CASETRAIL_DRAIN_SECONDS", drain)]).await;
    (app, process)
}

fn signal(process: &Process, name: &str) -> Instant {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", process.pid())).status().unwrap();
    assert!(sent.success());
    Instant::now()
}

/// Waits until the service is no longer ready, and returns its last response.
async fn unready(process: &Process) -> reqwest::Response {
    loop {
        let answer = process.request(Method::GET, "../../readyz").send().await.unwrap();
        if answer.status() != 200 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_stopping_service_is_unready_but_serves_requests_while_draining_and_finishes_those_in_progress() {
    let (app, process) = start("3").await;
    let (mut kept, mut idle, mut slow) = (connect(&process).await, connect(&process).await, connect(&process).await);
    for wire in [&mut kept, &mut idle] {
        let answer = ask(wire, LIVEZ).await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("connection: close"), "{answer}");
    }
    let body = r#"{"username": "absent", "password": "not the password"}"#;
    let (begin, end) = body.split_at(9);
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: casetrail\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n\
         {begin}",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();

    let signalled_at = signal(&process, "TERM");
    let answer = unready(&process).await;
    assert!(signalled_at.elapsed() < Duration::from_secs(2), "{:?}", signalled_at.elapsed());
    assert_eq!((answer.status().as_u16(), &answer.headers()["connection"]), (503, &"close".parse().unwrap()));
    assert!(answer.text().await.unwrap().contains("The service is stopping."));
    let answer = ask(&mut kept, LIVEZ).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    assert_eq!(rest(&mut kept).await, "", "its last answer");
    while signalled_at.elapsed() < Duration::from_millis(2_500) {
        let answer = ask(&mut connect(&process).await, LIVEZ).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    }

    assert_eq!(rest(&mut idle).await, "", "closed at the end of the drain");
    while TcpStream::connect(process.address()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = ask(&mut slow, end).await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"), "{answer}");
    process.ended(PATIENCE).await;
    assert!(signalled_at.elapsed() < Duration::from_secs(12), "{:?}", signalled_at.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn sigint_or_a_second_sigterm_skips_the_drain() {
    for hurry in ["INT", "TERM"] {
        let (app, process) = start("600").await;
        if hurry == "TERM" {
            signal(&process, "TERM");
            unready(&process).await;
        }
        let signalled_at = signal(&process, hurry);
        process.ended(PATIENCE).await;
        assert!(signalled_at.elapsed() < Duration::from_secs(30), "{:?}", signalled_at.elapsed());
        app.finish().await;
    }
}
