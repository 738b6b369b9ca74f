//! When an entry can't be written, nothing is changed and nothing is shown.
#![expect(clippy::disallowed_methods, reason = "these tests break the database")]

use crate::app::{Kind, TestApp};
use sea_orm::ConnectionTrait;
use serde_json::json;

/// Makes the database refuse every entry, as a full disk would.
async fn refuse_entries(app: &TestApp) {
    let statements: &[&str] = match app.kind {
        Kind::Sqlite => &["CREATE TRIGGER disk_full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END"],
        Kind::Postgres => &[
            "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$",
            "CREATE TRIGGER disk_full BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION disk_full()",
        ],
    };
    for statement in statements {
        app.outside.execute_unprepared(statement).await.unwrap();
    }
}

async fn accept_entries(app: &TestApp) {
    let statement = match app.kind {
        Kind::Sqlite => "DROP TRIGGER disk_full",
        Kind::Postgres => "DROP TRIGGER disk_full ON audit_entries",
    };
    app.outside.execute_unprepared(statement).await.unwrap();
}

on_each_database! {
    async fn a_change_that_cannot_be_recorded_is_not_made(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let (before, mark) = (by.get(&case.path()).await.json(), app.mark().await);
        refuse_entries(app).await;

        let answer = by.post(&case.url("hold"), json!({"reason": "a"})).await;
        answer.expect_problem(503, "audit_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        app.as_member().await.post("cases", json!({"employee_first_name": "a", "employee_last_name": "b"})).await.expect_problem(503, "audit_unavailable");

        assert_eq!(by.get(&case.path()).await.json(), before);
        assert_eq!(app.since(&mark).await.len(), 0);
        accept_entries(app).await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    }

    async fn a_refusal_that_cannot_be_recorded_is_no_refusal_either(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(2).await;
        refuse_entries(app).await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(503, "audit_unavailable");
        accept_entries(app).await;
        by.post(&case.url("hold"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
    }
}
