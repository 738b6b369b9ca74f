//! A disk that fails to sync when SQLite commits: what was written may count after a crash, so that the result is unknown.

use super::full_disk::{a_case, committed};
use crate::app::{Kind, Process, Settings, TestApp, simulated_disk};
use entity::clock::Clock;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;

const PASSWORD: &str = "correct horse battery";

/// A process whose disk fails to sync while the file `failing` exists in a folder.
async fn start(app: &TestApp, folder: &Path) -> Process {
    let failing = format!("FAIL_SYNC_WHILE={}", folder.join("failing").display());
    Process::start_by(app, &["env", &simulated_disk(folder), &failing]).await
}

/// An app with a member that has signed in to a process of its own.
async fn begin(folder: &Path) -> Option<(TestApp, Process, String)> {
    let app = TestApp::start_with(Kind::Sqlite, Settings { clock: Clock::system(), ..Settings::default() }).await?;
    let member = app.as_member().await.user.expect("a member");
    app.give_password(&member, PASSWORD).await;
    let process = start(&app, folder).await;
    let token = process.sign_in("member1", PASSWORD).await;
    Some((app, process, token))
}

async fn create(process: &Process, token: &str) -> (u16, Json) {
    let answer = process.post("cases").bearer_auth(token).body(a_case().to_string()).send().await.expect("a response");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_commit_that_could_not_be_synced_is_answered_as_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let Some((app, process, token)) = begin(folder.path()).await else { return };
    let before = committed(&app).await;
    for round in 0..3 {
        fs::write(folder.path().join("failing"), "").unwrap();
        for _ in 0..2 {
            let (status, body) = create(&process, &token).await;
            assert_eq!((status, &body["code"]), (504, &json!("commit_unknown")), "{body}");
        }
        let account = process.request(Method::GET, "auth/me").bearer_auth(&token).send().await.expect("a response");
        assert_eq!(account.status(), 200, "readers go on");
        fs::remove_file(folder.path().join("failing")).unwrap();

        assert_eq!(create(&process, &token).await.0, 201);

        // The next COMMIT has overwritten what could not be synced.
        assert_eq!(committed(&app).await, (before.0 + round + 1, before.1 + round + 1));
    }
    process.kill();
    assert_eq!(committed(&app).await, (before.0 + 3, before.1 + 3));
}

#[tokio::test]
async fn what_could_not_be_synced_is_there_with_its_entry_or_absent_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let Some((app, process, token)) = begin(folder.path()).await else { return };
    let before = committed(&app).await;
    fs::write(folder.path().join("failing"), "").unwrap();
    let (status, body) = create(&process, &token).await;
    assert_eq!((status, &body["code"]), (504, &json!("commit_unknown")), "{body}");
    process.kill();

    let process = Process::start(&app).await;

    let after = committed(&app).await;
    assert!(after == before || after == (before.0 + 1, before.1 + 1), "{before:?}, then {after:?}");
    let token = process.sign_in("member1", PASSWORD).await;
    assert_eq!(create(&process, &token).await.0, 201);
}
