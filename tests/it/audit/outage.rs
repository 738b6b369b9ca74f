//! If an entry can't be written, nothing is changed and nothing is returned.
#![expect(clippy::disallowed_methods, reason = "these tests break the database")]

use crate::app::{Kind, TestApp};
use sea_orm::ConnectionTrait;
use serde_json::json;

on_each_database! {
    async fn a_change_that_cannot_be_recorded_is_not_made(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let (before, mark) = (by.get(&case.path()).await.json(), app.mark().await);
        app.refuse_entries().await;

        let answer = by.post(&case.url("hold"), json!({"reason": "a"})).await;
        answer.expect_problem(503, "audit_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        app.as_member()
            .await
            .post("cases", json!({"employee_first_name": "a", "employee_last_name": "b"}))
            .await
            .expect_problem(503, "audit_unavailable");

        assert_eq!(by.get(&case.path()).await.json(), before);
        assert_eq!(app.since(&mark).await.len(), 0);
        app.accept_entries().await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    }

    async fn a_refusal_that_cannot_be_recorded_is_answered_as_unavailable(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(2).await;
        app.refuse_entries().await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
    }
}

/// A lock of the session outlives a rollback; it is gone once the connection is closed. SQLite's are tested in `entity::db`.
#[tokio::test]
async fn the_connection_of_a_failed_transaction_is_closed() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let by = app.as_member().await;
    let a_case = json!({"employee_first_name": "Ada", "employee_last_name": "Byron"});
    let refusal = "CREATE FUNCTION locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     PERFORM pg_advisory_lock(4711);
                     IF NEW.object_type = 'case' THEN RAISE EXCEPTION 'disk full'; END IF;
                     RETURN NEW;
                   END $$";
    let trigger = "CREATE TRIGGER locked BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION locked()";
    for statement in [refusal, trigger] {
        app.outside.execute_unprepared(statement).await.unwrap();
    }
    by.post("cases", a_case.clone()).await.expect_problem(503, "audit_unavailable");
    // Granted only if no other session holds it.
    app.outside.execute_unprepared("SET lock_timeout = '5s'; SELECT pg_advisory_lock(4711)").await.unwrap();
    app.outside.execute_unprepared("SELECT pg_advisory_unlock(4711); DROP TRIGGER locked ON audit_entries").await.unwrap();
    by.post("cases", a_case).await.expect(201);
    app.finish().await;
}
