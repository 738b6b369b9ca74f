//! An SQLite file that can't be written, or is damaged: 503, nothing changed, and normal service once the cause is removed.

use super::full_disk::{a_case, committed};
use crate::app::copies::run;
use crate::app::{Kind, Process, Settings, TestApp, simulated_disk};
use entity::clock::Clock;
use entity::db::Limits;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse battery";

/// The path of the database file.
fn path(app: &TestApp) -> &Path {
    Path::new(app.url.trim_start_matches("sqlite://").split('?').next().expect("a path"))
}

/// The status, `Retry-After` and body of a response.
async fn send(request: RequestBuilder) -> (u16, String, Json) {
    let answer = request.send().await.expect("an answer");
    let after = answer.headers().get("retry-after").and_then(|after| after.to_str().ok()).unwrap_or_default().to_owned();
    (answer.status().as_u16(), after, answer.json().await.unwrap_or_default())
}

#[track_caller]
fn ensure_unavailable((status, after, body): (u16, String, Json)) {
    assert_eq!((status, after.as_str(), &body["code"]), (503, "1", &json!("unavailable")), "{body}");
}

/// `SQLITE_IOERR`: the operating system refuses every write to a file beyond its first page, regardless of its owner.
#[tokio::test]
async fn changes_acknowledged_after_an_io_error_are_present() {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Sqlite, settings).await else { return };
    let member = app.as_member().await.user.expect("a member");
    app.give_password(&member, PASSWORD).await;
    let Some(process) = Process::start_limitable(&app).await else { return };
    let token = process.sign_in("member1", PASSWORD).await;
    let create = || process.post("cases").bearer_auth(&token).body(a_case().to_string());
    let mut acknowledged = vec![send(create()).await.2];
    for round in 0..3 {
        let before = committed(&app).await;
        process.limit_files("4096");
        for _ in 0..3 {
            ensure_unavailable(send(create()).await);
            ensure_unavailable(send(create().header("Idempotency-Key", format!("broken-{round}"))).await);
        }
        let login = json!({"username": "member1", "password": PASSWORD});
        ensure_unavailable(send(process.post("auth/login").body(login.to_string())).await);
        assert_eq!(send(process.request(Method::GET, "auth/me").bearer_auth(&token)).await.0, 200);
        assert_eq!(committed(&app).await, before, "nothing was changed");

        process.limit_files("unlimited");
        for key in [format!("broken-{round}"), format!("broken-{round}"), format!("whole-again-{round}")] {
            let (status, _, body) = send(create().header("Idempotency-Key", key)).await;
            assert_eq!(status, 201, "{body}");
            acknowledged.push(body);
        }
    }
    process.kill();
    let process = Process::start(&app).await;
    let token = process.sign_in("member1", PASSWORD).await;
    for created in &acknowledged {
        let path = format!("cases/{}", created["id"].as_str().expect("an id"));
        assert_eq!(send(process.request(Method::GET, &path).bearer_auth(&token)).await.0, 200, "{path} was acknowledged");
    }
    assert_eq!(committed(&app).await.0, 1 + 3 * 2);
    process.kill();
    app.finish().await;
}

/// `SQLITE_READONLY` and `SQLITE_CANTOPEN`: a connection whose COMMIT failed is closed, and the next one to be opened may only
/// read, or can't be opened.
#[tokio::test]
async fn a_file_that_cannot_be_opened_for_writing_is_unavailable_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Sqlite, settings).await else { return };
    let member = app.as_member().await.user.expect("a member");
    app.give_password(&member, PASSWORD).await;
    let mark = |name: &str| folder.path().join(name);
    let faults = [("FAIL_SYNC_WHILE", "failing"), ("READ_ONLY_WHILE", "read-only"), ("UNOPENABLE_WHILE", "unopenable")];
    let faults = faults.map(|(variable, name)| format!("{variable}={}", mark(name).display()));
    let disk = simulated_disk(folder.path());
    let program: Vec<&str> = ["env", &disk].into_iter().chain(faults.iter().map(String::as_str)).collect();
    let process = Process::start_by(&app, &program).await;
    let token = process.sign_in("member1", PASSWORD).await;
    let create = || process.post("cases").bearer_auth(&token).body(a_case().to_string());
    for fault in ["read-only", "unopenable", "read-only"] {
        for name in [fault, "failing"] {
            std::fs::write(mark(name), "").unwrap();
        }
        // The sealer may have been first, and its connection the one that was closed.
        let code = send(create()).await.2["code"].clone();
        assert!(["commit_unknown", "unavailable"].iter().any(|expected| code == *expected), "{fault}: {code}");
        std::fs::remove_file(mark("failing")).unwrap();
        for _ in 0..3 {
            ensure_unavailable(send(create()).await);
        }
        assert_eq!(send(process.request(Method::GET, "auth/me").bearer_auth(&token)).await.0, 200, "readers continue");

        std::fs::remove_file(mark(fault)).unwrap();

        let before = committed(&app).await;
        let (status, _, body) = send(create()).await;
        assert_eq!(status, 201, "{fault}: {body}");
        let after = committed(&app).await;
        // The next COMMIT also stores what could not be synced.
        assert!(before.0 < after.0 && after.0 - before.0 == after.1 - before.1, "{fault}: {before:?}, then {after:?}");
    }
    process.kill();
    app.finish().await;
}

/// `SQLITE_CORRUPT`: every page but the first is overwritten under the running service, and restored later.
#[tokio::test]
async fn a_damaged_file_is_unavailable_until_it_is_restored() {
    let settings = Settings { patience: Limits::default().patience, ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Sqlite, settings).await else { return };
    let (case, member, manager) = (app.a_case().accepted().create().await, app.as_member().await, app.as_manager().await);
    app.give_password(member.user.as_ref().expect("a member"), PASSWORD).await;
    let mark = app.mark().await;
    // Connections must discard what they have cached of the file and read it again, from the file alone.
    run(&app, "PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE)").await;
    let whole = std::fs::read(path(&app)).expect("the file");
    let overwrite = |bytes: &[u8]| {
        let file = OpenOptions::new().write(true).open(path(&app)).expect("the file");
        file.write_all_at(bytes, 4096).expect("written");
    };
    let before = committed(&app).await;
    run(&app, "PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)").await;
    overwrite(&vec![0xff; whole.len() - 4096]);

    for answer in [
        manager.post(&case.url("hold"), json!({"reason": "a"})).await,
        manager.get(&case.url("audit-trail")).await,
        member.post("cases", a_case()).await,
        member.get("cases").await,
        member.get("auth/me").await,
        app.as_anonymous().post("auth/login", json!({"username": "member1", "password": PASSWORD})).await,
    ] {
        answer.expect_problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }

    overwrite(&whole[4096..]);
    let whole_at = Instant::now();
    loop {
        let answer = manager.post(&case.url("hold"), json!({"reason": "a"})).await;
        if answer.status() == 200 {
            break;
        }
        answer.expect_problem(503, "unavailable");
        assert!(whole_at.elapsed() < Duration::from_secs(5), "it does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    member.get("auth/me").await.expect(200);
    member.get("cases").await.expect(200);
    manager.post(&case.url("resume"), json!({"reason": "b"})).await.expect(200);
    let recorded: Vec<Json> = app.since(&mark).await.iter().map(|entry| entry["action_type"].clone()).collect();
    assert_eq!((recorded, committed(&app).await.1), (vec![json!("case_held"), json!("case_resumed")], before.1 + 2));
    app.finish().await;
}
