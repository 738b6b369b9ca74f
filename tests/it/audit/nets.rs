//! What the database itself refuses, to anyone who has the password but none of our code.
#![expect(clippy::disallowed_methods, reason = "these tests do what the program may not")]

use crate::app::{Kind, TestApp};
use crate::contract::recipes::add_report;
use entity::db::Limits;
use entity::registry;
use entity::{audit_entry, case, credit};
use sea_orm::{ConnectOptions, ConnectionTrait, DbBackend, EntityTrait, TransactionTrait};
use serde_json::json;

on_each_database! {
    async fn a_raw_change_is_refused_at_commit(app) {
        let case = app.a_case().accepted().create().await.case;
        let tx = app.write().await;
        let quarter = "2026-Q4".parse().unwrap();
        tx.save(credit::first(tx.new_id(), case.member_id, quarter, 100, None)).await.unwrap();
        tx.commit().await.unwrap();
        for sql in [
            "UPDATE cases SET version = 9".to_owned(),
            "UPDATE credit_allowances SET allowed_credits = 9".to_owned(),
            "DELETE FROM credit_allowances".to_owned(),
            "UPDATE users SET is_active = false".to_owned(),
            "DELETE FROM cases".to_owned(),
        ] {
            let refused = app.outside.execute_unprepared(&sql).await.expect_err(&sql).to_string();
            assert!(refused.contains("unaudited") || refused.contains("FOREIGN KEY"), "{sql}: {refused}");
            let tx = app.outside.begin().await.unwrap();
            tx.execute_unprepared(&sql).await.expect("it is let through until COMMIT");
            tx.commit().await.expect_err(&sql);
        }
        assert_eq!(now(app, case.id).await, case);
    }

    async fn a_raw_change_of_a_document_is_refused_at_commit(app) {
        let case = app.a_case().accepted().create().await;
        add_report(app, &case, 1).await;
        for sql in ["UPDATE documents SET sha256 = ''", "DELETE FROM documents"] {
            let tx = app.outside.begin().await.unwrap();
            tx.execute_unprepared(sql).await.expect("it is let through until COMMIT");
            tx.commit().await.expect_err(sql);
        }
    }

    async fn a_raw_change_of_a_note_is_refused_at_commit(app) {
        let case = app.a_case().accepted().create().await;
        app.as_member().await.post(&case.url("notes"), json!({"body": "a", "visibility": "shared"})).await.expect(201);
        for sql in ["UPDATE notes SET body = 'b'", "DELETE FROM notes"] {
            let tx = app.outside.begin().await.unwrap();
            tx.execute_unprepared(sql).await.expect("it is let through until COMMIT");
            tx.commit().await.expect_err(sql);
        }
    }

    async fn entries_are_never_altered(app) {
        app.a_case().accepted().create().await;
        let entries = audit_entry::Entity::find().all(app.app.readers()).await.unwrap();
        let mut attempts = vec!["UPDATE audit_entries SET body = ''", "DELETE FROM audit_entries"];
        match app.outside.get_database_backend() {
            DbBackend::Postgres => attempts.push("TRUNCATE audit_entries"),
            _ => attempts.push("INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries"),
        }
        for sql in attempts {
            let refused = app.outside.execute_unprepared(sql).await.expect_err(sql).to_string();
            assert!(refused.contains("append-only"), "{sql}: {refused}");
        }
        assert_eq!(audit_entry::Entity::find().all(app.app.readers()).await.unwrap(), entries);
    }

    async fn a_step_of_the_review_history_without_an_entry_is_refused_at_commit(app) {
        app.a_case().pending_review().create().await;
        let steps = entity::review::Entity::find().all(&app.outside).await.unwrap();
        assert_eq!(steps.len(), 1);
        for reviewed_at in ["reviewed_at", "'2026-12-01T15:00:00.001+00:00'"] {
            for action in ["review_action", "'resubmitted'", "'approved'"] {
                let tx = app.outside.begin().await.unwrap();
                tx.execute_unprepared(&step(app.kind, reviewed_at, action)).await.expect("it is let through until COMMIT");
                tx.commit().await.expect_err(reviewed_at);
            }
        }
        assert_eq!(entity::review::Entity::find().all(&app.outside).await.unwrap(), steps);
    }

    async fn the_review_history_is_never_altered(app) {
        app.a_case().pending_review().create().await;
        for sql in ["UPDATE case_reviews SET notes = ''", "DELETE FROM case_reviews"] {
            // Row triggers fire only if there is a row.
            let review = entity::review::Entity::find().one(&app.outside).await.unwrap().unwrap().id;
            let refused = app.outside.execute_unprepared(sql).await.expect_err(sql).to_string();
            assert!(refused.contains("append-only"), "{sql}: {refused}");
            assert!(entity::review::Entity::find_by_id(review).one(&app.outside).await.unwrap().is_some());
        }
    }
}

const STEP: &str = "case_number, reviewer_id, review_cycle";

/// A step copied from another one, with another id, time and action: a new step that no entry describes.
fn step(kind: Kind, reviewed_at: &str, action: &str) -> String {
    let id = if kind == Kind::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    format!(
        "INSERT INTO case_reviews (id, case_id, reviewed_at, review_action, {STEP}) \
           SELECT {id}, case_id, {reviewed_at}, {action}, {STEP} FROM case_reviews LIMIT 1"
    )
}

/// Each way to weaken a safeguard is reported by name; without `finish`, since what happens then is unaudited.
#[tokio::test]
async fn a_missing_or_changed_safeguard_is_reported_at_start() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = TestApp::start(kind).await else { return };
        assert_eq!(migration::nets::differences(app.app.readers()).await.unwrap(), [""; 0]);
        let ways: &[(&str, &str)] = match kind {
            Kind::Sqlite => &[
                ("DROP TRIGGER cases_audited_update", "trigger cases_audited_update is missing"),
                ("DROP TRIGGER audit_entries_kept", "trigger audit_entries_kept is missing"),
                ("DROP TRIGGER audit_pending_sealed", "trigger audit_pending_sealed is missing"),
                ("DROP TRIGGER ledger_leaves_contiguous", "trigger ledger_leaves_contiguous is missing"),
                (
                    "DROP TRIGGER notes_audited_update; CREATE TRIGGER notes_audited_update AFTER UPDATE ON notes BEGIN \
                     SELECT 1; END",
                    "trigger notes_audited_update differs",
                ),
                (
                    "CREATE TRIGGER swallow BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(IGNORE); END",
                    "trigger swallow is not from a migration",
                ),
            ],
            Kind::Postgres => &[
                ("ALTER TABLE cases DISABLE TRIGGER cases_audited", "demand_entry('case') (not enabled)"),
                ("ALTER TABLE audit_entries DISABLE TRIGGER USER", "refuse_change() (not enabled)"),
                ("DROP TRIGGER users_kept ON users", "trigger users_kept is missing"),
                ("ALTER TABLE audit_pending DISABLE TRIGGER audit_pending_sealed", "demand_leaf() (not enabled)"),
                ("DROP TRIGGER ledger_leaves_contiguous ON ledger_leaves", "trigger ledger_leaves_contiguous is missing"),
                ("CREATE RULE swallow AS ON INSERT TO audit_entries DO INSTEAD NOTHING", "rule swallow is not from a migration"),
                ("ALTER FUNCTION demand_entry() RESET search_path", "function demand_entry differs"),
                (
                    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                    "function refuse_change differs",
                ),
            ],
        };
        for (way, difference) in ways {
            app.outside.execute_unprepared(way).await.unwrap();
            let found = migration::nets::differences(app.app.readers()).await.unwrap().join("\n");
            assert!(found.contains(difference), "{way}: {found}");
        }
    }
}

async fn copy_an_entry(tx: &sea_orm::DatabaseTransaction, id: uuid::Uuid) -> u64 {
    let columns = "occurred_at, action_type, outcome, actor_type, actor_id, actor_label, case_id, case_number, document_id, \
                   related_user_id, object_type, object_id, topic, source, ip_address, request_id, changed_fields, description, \
                   search_text, body";
    let new_id = if tx.get_database_backend() == DbBackend::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let sql = format!(
        "INSERT INTO audit_entries (id, {columns}) SELECT {new_id}, {columns} FROM audit_entries WHERE object_id = '{id}' LIMIT 1"
    );
    tx.execute_unprepared(&sql).await.unwrap().rows_affected()
}

/// A program that switches SQLite's foreign keys off bypasses the safeguard, and is detected at the next start.
#[tokio::test]
async fn debt_left_by_a_connection_without_foreign_keys_is_found_at_start() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let case = app.a_case().accepted().create().await.case;
    let alone = sea_orm::Database::connect(ConnectOptions::new(&app.url).max_connections(1).to_owned()).await.unwrap();
    alone.execute_unprepared("PRAGMA foreign_keys = OFF").await.unwrap();
    alone.execute_unprepared("UPDATE cases SET version = 9").await.expect("the net is off");
    assert_ne!(now(&app, case.id).await, case);
    let start = registry::connect(&app.url, Limits::default(), app.clock.clone(), None).await;
    assert!(start.err().expect("refused").to_string().contains("audit_debt"));
}

async fn now(app: &TestApp, id: uuid::Uuid) -> case::Model {
    case::Entity::find_by_id(id).one(&app.outside).await.unwrap().unwrap()
}

/// The documented limit of each safeguard. Without `finish`: the copied entry breaks the chains, as the replay would find.
#[tokio::test]
async fn an_entry_must_follow_its_change_on_sqlite_and_share_its_transaction_on_postgresql() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(app) = TestApp::start(kind).await else { return };
        a_change_with_a_copied_entry(&app).await;
    }
}

async fn a_change_with_a_copied_entry(app: &TestApp) {
    let case = app.a_case().accepted().create().await.case;
    let tx = app.outside.begin().await.unwrap();
    let copied = copy_an_entry(&tx, case.id).await;
    assert_eq!(copied, 1);
    tx.execute_unprepared("UPDATE cases SET version = 9").await.unwrap();
    let committed = tx.commit().await.is_ok();
    // The documented limit: PostgreSQL only checks whether an entry of this transaction exists.
    assert_eq!(committed, app.outside.get_database_backend() == DbBackend::Postgres);
}
