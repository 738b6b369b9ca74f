//! Anything that temporarily keeps a database from working results in 503 `unavailable`, changes nothing, and recovers by itself.
#![expect(clippy::disallowed_methods, reason = "these tests break and block the database from outside")]

use crate::app::{Kind, Settings, TestApp};
use entity::db::Limits;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;
use std::time::{Duration, Instant};

/// Disk full, out of memory, too many connections, I/O error, shutdown requested, corrupt, read-only.
const CODES: [&str; 7] = ["53100", "53200", "53300", "58030", "57P01", "XX001", "25006"];

async fn run(app: &TestApp, statements: &[&str]) {
    for statement in statements {
        app.outside.execute_unprepared(statement).await.unwrap();
    }
}

#[tokio::test]
async fn temporary_errors_of_the_server_are_answered_as_unavailable_and_change_nothing() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mark = app.mark().await;
    for code in CODES {
        let function = format!(
            "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql
               AS $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '{code}'; END $$"
        );
        run(&app, &[&function]).await;
        for (table, when) in [
            ("audit_entries", "TRIGGER broken BEFORE INSERT ON audit_entries FOR EACH ROW"),
            ("cases", "TRIGGER broken BEFORE UPDATE ON cases FOR EACH ROW"),
            ("cases", "CONSTRAINT TRIGGER broken AFTER UPDATE ON cases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"),
        ] {
            run(&app, &[&format!("CREATE {when} EXECUTE FUNCTION broken()")]).await;
            let answer = by.post(&case.url("hold"), json!({"reason": "a"})).await;
            answer.expect_problem(503, "unavailable");
            assert_eq!(answer.header("retry-after"), "1");
            run(&app, &[&format!("DROP TRIGGER broken ON {table}")]).await;
            assert_eq!(
                (by.get(&case.path()).await.expect(200)["status"].clone(), app.since(&mark).await.len()),
                (json!("accepted"), 0)
            );
        }
    }
    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    app.finish().await;
}

/// Write transactions begin with this statement, so that a connection that is already in a transaction refuses it.
#[tokio::test]
async fn a_transaction_cannot_be_begun_inside_of_another() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let open = app.outside.begin().await.unwrap();
    open.execute_unprepared("SELECT count(*) FROM cases").await.unwrap();
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE";
    let refused = open.execute_unprepared(begin).await.unwrap_err().to_string();
    assert!(refused.contains("must be called before any query"), "{refused}");
    open.rollback().await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_caller_waits_little_more_than_a_second_for_a_lock_on_sqlite() {
    each_caller_waits_little_more_than_a_second(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_caller_waits_little_more_than_a_second_for_a_lock_on_postgresql() {
    each_caller_waits_little_more_than_a_second(Kind::Postgres).await;
}

/// A lock that is held for long, and more callers than connections.
async fn each_caller_waits_little_more_than_a_second(kind: Kind) {
    let settings = Settings { patience: Limits::default().patience, ..Settings::default() };
    let Some(app) = TestApp::start_with(kind, settings).await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let other = sea_orm::Database::connect(&app.url).await.unwrap();
    let held = match kind {
        Kind::Sqlite => {
            let options = sea_orm::TransactionOptions {
                sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
                ..Default::default()
            };
            other.begin_with_options(options).await.unwrap()
        }
        Kind::Postgres => {
            let held = other.begin().await.unwrap();
            held.execute_unprepared("LOCK TABLE cases").await.unwrap();
            held
        }
    };
    // Not with the tests' own client, which is slow because it checks each response against the contract.
    let http = crate::app::http().build().unwrap();
    for callers in [2, 40] {
        let request = http.post(format!("{}/api/v1/{}", app.base, case.url("hold"))).bearer_auth(by.token());
        let request = request.json(&json!({"reason": "a"}));
        let waits = join_all((0..callers).map(async |_| {
            let begun_at = Instant::now();
            let answer = request.try_clone().unwrap().send().await.unwrap();
            let waited = begun_at.elapsed();
            assert_eq!(answer.status().as_u16(), 503);
            assert_eq!(answer.headers().get("retry-after").and_then(|after| after.to_str().ok()), Some("1"));
            waited
        }));
        let longest = waits.await.into_iter().max().unwrap();
        println!("{kind:?}, {callers} callers: {longest:?}");
        // 1.25 s, and more for a machine that is busy with the other tests.
        assert!(longest < Duration::from_secs(3), "{callers} callers: {longest:?}");
    }
    held.rollback().await.unwrap();
    by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    app.finish().await;
}
