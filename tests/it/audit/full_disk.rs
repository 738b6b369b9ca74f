//! A disk that is full and later has space again: acknowledged changes are present, in the same process and after a restart.
//!
//! Uses a volume of its own. SQLite ends a transaction by itself if there is no space, which a pool must not overlook.

use crate::app::{Answer, Process, Server, Settings, TestApp, Volume};
use entity::clock::Clock;
use entity::{audit_entry, case};
use futures_util::future::join_all;
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

pub fn a_case() -> Json {
    json!({"employee_first_name": "Ada", "employee_last_name": "Byron"})
}

/// The number of cases and entries visible to other connections, which is what is committed.
pub async fn committed(app: &TestApp) -> (usize, usize) {
    let cases = case::Entity::find().all(&app.outside).await.unwrap().len();
    (cases, audit_entry::Entity::find().all(&app.outside).await.unwrap().len())
}

/// Logs in after an attempt on a full disk. That attempt is counted before its password is checked; if the count still had room
/// and the session had not, the next attempt has to wait for as long as both responses say.
async fn log_in_again(app: &TestApp, credentials: &Json) {
    let mut answer = app.as_anonymous().post("auth/login", credentials.clone()).await;
    if answer.status() == 429 {
        assert_eq!(answer.header("retry-after"), "1");
        tokio::time::sleep(Duration::from_secs(1)).await;
        answer = app.as_anonymous().post("auth/login", credentials.clone()).await;
    }
    answer.expect(200);
}

#[tokio::test]
async fn changes_acknowledged_after_a_full_disk_are_present() {
    let Some(volume) = Volume::mount(16) else { return };
    let app = TestApp::start_on(&volume, 0).await;
    let case = app.a_case().accepted().create().await;
    let (member, manager) = (app.as_member().await, app.as_manager().await);
    app.give_password(member.user.as_ref().unwrap(), "correct horse battery").await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        volume.fill();
        // The log may have room for one or two entries in previously used space.
        let refused = loop {
            let answer = member.post("cases", a_case()).await;
            match answer.status() {
                201 => acknowledged.push(answer.json()),
                _ => break answer,
            }
        };
        refused.expect_problem(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "1");
        // A reading needs less space than a case.
        let mut limits = 1..200;
        while manager.get(&format!("{}?limit={}", case.url("audit-trail"), limits.next().unwrap())).await.status() == 200 {}
        let before = committed(&app).await;
        let key = format!("full-disk-{round}");
        member.clone().with("Idempotency-Key", &key).post("cases", a_case()).await.expect_problem(503, "unavailable");
        manager.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(503, "unavailable");
        manager.get(&case.url("audit-trail")).await.expect_problem(503, "unavailable");
        let credentials = json!({"username": "member1", "password": "correct horse battery"});
        app.as_anonymous().post("auth/login", credentials.clone()).await.expect_problem(503, "unavailable");
        member.get("auth/me").await.expect(200);
        member.get("cases").await.expect(200);
        assert_eq!(committed(&app).await, before, "nothing was changed");

        volume.free();
        manager.post(&case.url("resume"), json!({"reason": "a"})).await.expect_problem(409, "invalid_case_state");
        let once = member.clone().with("Idempotency-Key", &key).post("cases", a_case()).await.expect(201);
        let again = member.clone().with("Idempotency-Key", &key).post("cases", a_case()).await.expect(201);
        assert_eq!(once["id"], again["id"]);
        acknowledged.push(once);
        for _ in 0..20 {
            let created = member.post("cases", a_case()).await.expect(201);
            assert_eq!(member.get(&format!("cases/{}", created["id"].as_str().unwrap())).await.expect(200)["id"], created["id"]);
            acknowledged.push(created);
        }
        log_in_again(&app, &credentials).await;
        let (cases, entries) = committed(&app).await;
        assert_eq!(cases, acknowledged.len() + 1, "round {round}");
        assert!(entries >= before.1 + 21);
    }
    // A separate process reads what is on the disk.
    let process = Process::start(&app).await;
    let token = process.sign_in("member1", "correct horse battery").await;
    for created in &acknowledged {
        let path = format!("cases/{}", created["id"].as_str().unwrap());
        let answer = process.request(reqwest::Method::GET, &path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} was acknowledged");
    }
    process.kill();
    app.finish().await;
}

/// Writers that wait for each other share one COMMIT: if it fails, none of them is acknowledged.
#[tokio::test]
async fn writers_at_once_are_acknowledged_on_a_full_disk_only_if_their_changes_are_present() {
    let Some(volume) = Volume::mount(16) else { return };
    let app = TestApp::start_on(&volume, 0).await;
    let member = app.as_member().await;
    let mut acknowledged = 0;
    for round in 0..3 {
        for is_full in [true, false] {
            if is_full {
                volume.fill()
            } else {
                volume.free()
            }
            let answers = join_all((0..16).map(async |_| member.clone().post("cases", a_case()).await)).await;
            let statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
            assert!(statuses.iter().all(|status| [201, 503].contains(status)), "round {round}: {statuses:?}");
            assert!(is_full || statuses.iter().all(|status| *status == 201), "round {round}: {statuses:?}");
            acknowledged += statuses.iter().filter(|status| **status == 201).count();
            assert_eq!(committed(&app).await.0, acknowledged, "round {round}: {statuses:?}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_full_disk_of_postgresql_is_reported_and_acknowledged_changes_are_present() {
    let Some(volume) = Volume::mount(224) else { return };
    let Some(server) = Server::start(&volume) else { return };
    let app = TestApp::start_at(&server.url(), Settings { clock: Clock::system(), ..Settings::default() }).await;
    let member = app.as_member().await;
    let mut process = Process::start(&app).await;
    let create = async || {
        let answer = process.request(reqwest::Method::POST, "cases").bearer_auth(member.token()).json(&a_case()).send().await;
        answer.expect("an answer").status().as_u16()
    };
    let mut acknowledged = 0;
    volume.fill();
    // Pages that exist already have room for some rows.
    let refused = loop {
        match create().await {
            201 => acknowledged += 1,
            status => break status,
        }
    };
    assert_eq!(refused, 503);
    volume.free();
    // A server that could not write its log has stopped, and its supervisor starts it again.
    assert!(server.ensure_running());
    let freed_at = Instant::now();
    while create().await != 201 {
        assert!(freed_at.elapsed() < Duration::from_secs(10), "there is room again, and nothing is accepted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(process.is_running(), "it is not the same process any more");
    let (cases, entries) = committed(&app).await;
    assert_eq!(cases, acknowledged + 1);
    assert!(entries >= cases);
    process.kill();
    app.finish().await;
}
