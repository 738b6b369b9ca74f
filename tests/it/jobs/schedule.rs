//! Schedules: each period is run once, regardless of which process runs it.

use crate::app::{Kind, TestApp, actions, at};
use api::worker::scheduler;
use entity::db::Limits;
use entity::job::JobName;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use tokio::time::timeout;

/// Runs everything that is due, like a process that checks its clock.
async fn due(app: &TestApp) {
    for job in JobName::ALL {
        scheduler::run_due(&app.app, job).await.unwrap();
    }
}

async fn runs(app: &TestApp, job: &str) -> Vec<Json> {
    let list = app.as_manager().await.get(&format!("job-runs?job_name={job}&limit=200")).await.expect(200).clone();
    list["data"].as_array().unwrap().clone()
}

/// Lets COMMIT fail after a run of a job that succeeded.
#[expect(clippy::disallowed_methods, reason = "done as the owner of the database")]
async fn forbid_commits_of_successes(app: &TestApp) {
    let sql = match app.kind {
        Kind::Sqlite => {
            "CREATE TRIGGER no_commit AFTER INSERT ON job_runs WHEN NEW.status = 'success' \
             BEGIN INSERT INTO audit_debt (object_type, object_id, entries_before) \
             SELECT 'job', 'unknown', coalesce(max(rowid), 0) FROM audit_entries; END"
        }
        Kind::Postgres => {
            "CREATE FUNCTION no_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no commit'; END $$; \
             CREATE CONSTRAINT TRIGGER no_commit AFTER INSERT ON job_runs DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW WHEN (NEW.status = 'success') EXECUTE FUNCTION no_commit()"
        }
    };
    app.outside.execute_unprepared(sql).await.unwrap();
}

/// PostgreSQL only: SQLite is part of the service.
#[tokio::test]
async fn a_job_ends_soon_if_the_server_of_the_database_vanishes() {
    let Some((app, proxy)) = TestApp::start_behind_a_proxy(Limits::default().decision).await else { return };
    due(&app).await;
    let mark = app.mark().await;
    app.clock.set(at("2026-12-01T16:00:00Z"));
    proxy.vanish_at("job_runs");

    // Two statements without an answer, the run's and the one that would record its failure, and a wait for a connection.
    let run = scheduler::run_due(&app.app, JobName::CheckExpiredHolds);
    drop(timeout(Duration::from_secs(15), run).await.expect("a run that ends"));
    let check = scheduler::run_due(&app.app, JobName::CheckExpiredHolds);
    assert!(timeout(Duration::from_secs(15), check).await.expect("a check that ends").is_err());

    proxy.mend();
    scheduler::run_due(&app.app, JobName::CheckExpiredHolds).await.unwrap();
    assert_eq!(actions(&app.since(&mark).await), ["cron_job_executed"]);
    assert_eq!(runs(&app, "check_expired_holds").await[0]["status"], "success");
    app.finish().await;
}

on_each_database! {
    async fn each_period_is_run_once_by_concurrent_schedulers(app) {
        due(app).await;
        let mark = app.mark().await;
        app.clock.set(at("2026-12-01T16:00:00Z"));

        tokio::join!(due(app), due(app), due(app));
        due(app).await;

        let trail = app.since(&mark).await;
        let runs = runs(app, "check_expired_holds").await;
        assert_eq!(runs.len(), 1);
        assert_eq!((&runs[0]["scheduled_for"], &runs[0]["trigger"]), (&json!("2026-12-01T16:00:00.000Z"), &json!("scheduler")));
        // The hour, and its four quarters for releases and for emails.
        assert_eq!(actions(&trail), ["cron_job_executed"; 9]);
        assert!(trail.iter().all(|entry| entry["actor_label"] == "System" && entry["source"] == "job"));
        assert!(trail.iter().all(|entry| entry["metadata"]["trigger"] == "scheduler" && entry["metadata"]["dry_run"] == false));
    }

    async fn missed_periods_are_caught_up_in_order(app) {
        due(app).await;
        app.clock.set(at("2026-12-01T16:20:00Z"));
        due(app).await;
        let periods: Vec<Json> =
            runs(app, "send_scheduled_emails").await.iter().map(|run| run["scheduled_for"].clone()).collect();
        let missed = ["16:15", "16:00", "15:45", "15:30", "15:15"].map(|time| json!(format!("2026-12-01T{time}:00.000Z")));
        assert_eq!(periods, missed);
    }

    async fn a_quarter_begins_in_the_time_zone_of_the_settings(app) {
        due(app).await;
        let admin = app.as_admin().await;
        admin.patch("settings", json!({"time_zone": "Asia/Tokyo", "default_quarterly_credits": 40})).await.expect(200);
        app.user("member1", entity::user::Role::Member, None).await;
        app.clock.set(at("2026-12-31T15:04:59Z"));
        due(app).await;
        assert_eq!(runs(app, "quarterly_credit_reset").await.len(), 0, "five past midnight in Tokyo is in a second");
        app.clock.set(at("2026-12-31T15:05:00Z"));
        let mark = app.mark().await;
        due(app).await;

        assert_eq!(runs(app, "quarterly_credit_reset").await[0]["scheduled_for"], "2026-12-31T15:05:00.000Z");
        let trail = app.since(&mark).await;
        let reset = trail.iter().find(|entry| entry["action_type"] == "bulk_credit_reset").expect("a reset");
        assert_eq!((&reset["metadata"]["quarter"], &reset["metadata"]["new_allowance"]), (&json!("2027-Q1"), &json!(40)));
        let mark = app.mark().await;
        app.as_admin().await.post("jobs/quarterly_credit_reset/run", json!({})).await.expect(200);
        assert_eq!(actions(&app.since(&mark).await), ["cron_job_executed"], "done for this quarter");
    }

    async fn a_period_whose_run_failed_is_not_run_again(app) {
        due(app).await;
        app.clock.set(at("2026-12-01T16:00:00Z"));
        let held = app.a_case().completed_until(at("2026-12-01T15:30:00Z"));
        held.create().await;
        crate::jobs::run::forbid_changes(app).await;
        due(app).await;
        due(app).await;
        let runs = runs(app, "release_scheduled_cases").await;
        assert_eq!(runs.len(), 4, "one for each quarter of an hour");
        assert!(runs.iter().all(|run| run["status"] == "failure"), "{runs:?}");
    }

    async fn a_period_whose_run_could_not_be_committed_is_recorded_as_failed(app) {
        // Before the failure: an alert is for those who are administrators then.
        drop(app.as_admin().await);
        due(app).await;
        app.clock.set(at("2026-12-01T15:15:00Z"));
        forbid_commits_of_successes(app).await;
        due(app).await;
        due(app).await;
        let runs = runs(app, "release_scheduled_cases").await;
        assert_eq!(runs.len(), 1, "a period is run once: {runs:?}");
        assert_eq!((&runs[0]["status"], &runs[0]["trigger"]), (&json!("failure"), &json!("scheduler")));
        assert!(!runs[0]["error_message"].as_str().unwrap().is_empty());
        let alerts = app.as_admin().await.get("alerts").await.expect(200);
        let titles: Vec<&str> = alerts["data"].as_array().unwrap().iter().map(|alert| alert["title"].as_str().unwrap()).collect();
        assert!(titles.contains(&"Job release_scheduled_cases failed"), "{titles:?}");
    }
}
