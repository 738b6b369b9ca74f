//! If the connection is lost at COMMIT, the response is still correct, or reports that the result is unknown.
//!
//! PostgreSQL only: between the service and SQLite there is nothing to lose.
#![expect(clippy::disallowed_methods, reason = "one of these tests slows COMMIT down")]

use crate::app::{Fault, Proxy, TestApp, actions};
use entity::db::Limits;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

async fn start() -> Option<(TestApp, Proxy)> {
    TestApp::start_behind_a_proxy(Limits::default().decision).await
}

async fn status(app: &TestApp, path: &str) -> Json {
    app.as_manager().await.get(path).await.expect(200)["status"].clone()
}

#[tokio::test]
async fn a_commit_that_did_not_reach_the_server_is_reported_as_not_done() {
    let Some((app, proxy)) = start().await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mark = app.mark().await;
    proxy.at_next_commit(Fault::BeforeCommit);

    let answer = by.post(&case.url("hold"), json!({"reason": "a"})).await;

    answer.expect_problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!((status(&app, &case.path()).await, app.since(&mark).await.len()), (json!("accepted"), 0));
    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_commit_whose_response_is_lost_is_reported_as_done() {
    let Some((app, proxy)) = start().await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mark = app.mark().await;
    proxy.at_next_commit(Fault::AfterCommit);

    let held = by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);

    assert_eq!((&held["status"], status(&app, &case.path()).await), (&json!("hold"), json!("hold")));
    assert_eq!(actions(&app.since(&mark).await), ["case_held"]);
    app.finish().await;
}

#[tokio::test]
async fn a_commit_in_progress_is_awaited() {
    let Some((app, proxy)) = start().await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    for statement in [
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON cases DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION slowly()",
    ] {
        app.outside.execute_unprepared(statement).await.unwrap();
    }
    let mark = app.mark().await;
    proxy.at_next_commit(Fault::AfterCommit);

    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);

    assert_eq!(actions(&app.since(&mark).await), ["case_held"]);
    app.finish().await;
}

#[tokio::test]
async fn a_commit_dropped_on_an_open_connection_is_reported_as_not_done() {
    let Some((app, proxy)) = start().await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mark = app.mark().await;
    proxy.at_next_commit(Fault::CommitSwallowed);

    // PostgreSQL ends a transaction that has been idle for too long.
    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(503, "unavailable");

    assert_eq!((status(&app, &case.path()).await, app.since(&mark).await.len()), (json!("accepted"), 0));
    app.finish().await;
}

#[tokio::test]
async fn the_result_is_unknown_if_the_server_stays_unreachable() {
    let Some((app, proxy)) = start().await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mark = app.mark().await;
    proxy.at_next_commit(Fault::AfterCommitForGood);

    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(504, "commit_unknown");

    // It was committed, and a caller who reads the case can see that.
    proxy.mend();
    assert_eq!(status(&app, &case.path()).await, "hold");
    assert_eq!(actions(&app.since(&mark).await), ["case_held"]);
    app.finish().await;
}

#[tokio::test]
async fn a_lost_commit_without_an_entry_is_unknown_and_one_without_changes_succeeds() {
    let Some((app, proxy)) = start().await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    proxy.at_next_commit(Fault::BeforeCommit);
    by.post(&case.url("acknowledge-updates"), json!({})).await.expect_problem(504, "commit_unknown");

    proxy.at_next_commit(Fault::BeforeCommit);
    by.patch(&case.path(), json!({"employee_last_name": "Moss"})).await.expect(200);
    app.finish().await;
}
