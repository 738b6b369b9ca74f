//! The service is ready only while it can write an entry.
#![expect(clippy::disallowed_methods, reason = "these tests break the database")]

use crate::app::{Kind, SERVING, Server, Settings, TestApp, Volume};
use entity::audit_entry;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;
use std::time::{Duration, Instant};

async fn outside(app: &TestApp, sqlite: &str, postgres: &str) {
    let statements = if app.kind == Kind::Sqlite { sqlite } else { postgres };
    app.outside.execute_unprepared(statements).await.unwrap();
}

/// Queries `/readyz` until it returns this status. The guarantee is two seconds, which the drill `refusing-log` asserts: here the
/// machine may be busy with other tests.
async fn becomes(app: &TestApp, status: u16) {
    let began = Instant::now();
    loop {
        let answer = app.as_anonymous().get("/readyz").await;
        if answer.status() == status {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "still {}", answer.status());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// A PostgreSQL function that raises an error or discards the row, and its trigger.
fn broken(body: &str, trigger: &str) -> String {
    format!(
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; END $$; \
         CREATE {trigger} FOR EACH ROW EXECUTE FUNCTION broken()"
    )
}

const BEFORE: &str = "TRIGGER broken BEFORE INSERT ON audit_entries";
const AT_COMMIT: &str = "CONSTRAINT TRIGGER broken AFTER INSERT ON audit_entries DEFERRABLE INITIALLY DEFERRED";

on_each_database! {
    async fn it_is_not_ready_while_entries_are_refused_or_swallowed_and_recovers(app) {
        becomes(app, 200).await;
        let ways = [
            (format!("CREATE {BEFORE} BEGIN SELECT RAISE(ABORT, 'no'); END"), broken("RAISE EXCEPTION 'no'", BEFORE)),
            (format!("CREATE {BEFORE} BEGIN SELECT RAISE(IGNORE); END"), broken("RETURN NULL", BEFORE)),
            (
                "CREATE TRIGGER broken AFTER INSERT ON audit_entries BEGIN
                   INSERT INTO audit_debt (object_type, object_id) VALUES ('nothing', 'nothing'); END".to_owned(),
                broken("RAISE EXCEPTION 'no'", AT_COMMIT),
            ),
        ];
        for (sqlite, postgres) in ways {
            outside(app, &sqlite, &postgres).await;
            becomes(app, 503).await;
            outside(app, "DROP TRIGGER broken", "DROP TRIGGER broken ON audit_entries; DROP FUNCTION broken()").await;
            becomes(app, 200).await;
        }
        assert!(app.all_entries().await.is_empty(), "no check leaves an entry");
    }

    async fn it_is_not_ready_while_the_audit_log_is_unavailable(app) {
        becomes(app, 200).await;
        app.lose("audit_entries").await;
        becomes(app, 503).await;
        app.find_again("audit_entries").await;
        becomes(app, 200).await;
    }

    async fn it_is_not_ready_without_the_audit_log(app) {
        let _ = app;
        let Some(app) = TestApp::start(app.kind).await else { return };
        let member = app.as_member().await;
        becomes(&app, 200).await;
        outside(&app, "DROP TABLE audit_entries", "DROP TABLE audit_entries CASCADE").await;
        becomes(&app, 503).await;
        let refused = member.post("cases", json!({"employee_first_name": "Ada", "employee_last_name": "Moss"})).await;
        // SQLite's triggers miss the log before an entry is written.
        let code = if app.kind == Kind::Sqlite { "unavailable" } else { "audit_unavailable" };
        refused.expect_problem(503, code);
    }

    async fn the_body_says_how_far_sealing_has_come_and_the_status_does_not(app) {
        app.a_case().accepted().create().await;
        let pending = app.all_entries().await.len();
        app.pass(chrono::TimeDelta::hours(1));
        let body = app.as_anonymous().get("/readyz").await.expect(200);
        assert_eq!((&body["status"], &body["ledger"]["pending"]), (&json!("ok"), &json!(pending)));
        assert!(body["ledger"]["lag_seconds"].as_i64().unwrap() >= 3_600, "{body}");
        app.seal().await;
        let mut seen = Vec::new();
        for is_lost in [false, true] {
            if is_lost {
                app.lose("ledger_state").await;
            }
            // The last result is valid for a second.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            seen.push(app.as_anonymous().get("/readyz").await.expect(200));
        }
        app.find_again("ledger_state").await;
        let sealed = json!({"status": "ok", "ledger": {"pending": 0, "lag_seconds": 0}});
        assert_eq!(seen, [sealed, json!({"status": "ok", "ledger": null})]);
    }

    async fn readiness_is_checked_at_most_once_a_second_and_writes_no_entry(app) {
        let (began, client) = (Instant::now(), app.as_anonymous());
        app.statements();
        for _ in 0..3 {
            for answer in futures_util::future::join_all((0..40).map(|_| client.get("/readyz"))).await {
                answer.expect(200);
            }
        }
        let inserts = app.statements().iter().filter(|sql| sql.contains("INSERT INTO \"audit_entries\"")).count();
        let allowed = 1 + usize::try_from(began.elapsed().as_secs()).unwrap();
        assert!(0 < inserts && inserts <= allowed, "{inserts} in {:?}", began.elapsed());
        let metrics = app.as_anonymous().get("/metrics").await.text;
        let counted: Vec<&str> =
            metrics.lines().filter(|line| line.contains("audit_log_accessed") && !line.ends_with(" 0")).collect();
        assert_eq!(counted, [""; 0]);
        assert_eq!(audit_entry::Entity::find().all(&app.outside).await.unwrap(), []);
    }

    async fn an_older_version_stays_ready_on_a_newer_schema_unless_that_rules_it_out(app) {
        becomes(app, 200).await;
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000998_later', 0)";
        outside(app, newer, newer).await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        app.as_anonymous().get("/readyz").await.expect(200);
        let incompatible = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000999_later_incompatible', 0)";
        outside(app, incompatible, incompatible).await;
        becomes(app, 503).await;
        let undone = "DELETE FROM seaql_migrations WHERE version > 'm2099'";
        outside(app, undone, undone).await;
        becomes(app, 200).await;
        let missing = "DELETE FROM seaql_migrations WHERE version = 'm20261201_000024_secret_moves'";
        outside(app, missing, missing).await;
        becomes(app, 503).await;
    }
}

#[tokio::test]
async fn it_is_not_ready_while_postgresql_allows_no_writes() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    becomes(&app, 200).await;
    let ways = [
        (format!("REVOKE INSERT ON audit_entries FROM {SERVING}"), format!("GRANT INSERT ON audit_entries TO {SERVING}")),
        (
            "CREATE RULE broken AS ON INSERT TO audit_entries DO INSTEAD NOTHING".to_owned(),
            "DROP RULE broken ON audit_entries".to_owned(),
        ),
    ];
    for (broken, mended) in ways {
        app.outside.execute_unprepared(&broken).await.unwrap();
        becomes(&app, 503).await;
        app.outside.execute_unprepared(&mended).await.unwrap();
        becomes(&app, 200).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn it_is_not_ready_while_the_disk_is_full() {
    let Some(volume) = Volume::mount(16) else { return };
    let app = TestApp::start_on(&volume, 0).await;
    for _ in 0..2 {
        becomes(&app, 200).await;
        volume.fill();
        becomes(&app, 503).await;
        volume.free();
    }
    becomes(&app, 200).await;
    app.finish().await;
}

#[tokio::test]
async fn it_is_not_ready_while_the_disk_of_postgresql_is_full() {
    let Some(volume) = Volume::mount(224) else { return };
    let Some(server) = Server::start(&volume) else { return };
    let app = TestApp::start_at(&server.url(), Settings::default()).await;
    for _ in 0..2 {
        becomes(&app, 200).await;
        volume.fill();
        becomes(&app, 503).await;
        assert_eq!(app.as_anonymous().get("/livez").await.status(), 200);
        volume.free();
        assert!(server.ensure_running());
    }
    becomes(&app, 200).await;
    assert!(app.all_entries().await.is_empty(), "no check leaves an entry");
    app.finish().await;
}
