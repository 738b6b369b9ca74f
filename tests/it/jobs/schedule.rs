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
        // The hour for holds, and its last quarter for releases and for emails.
        assert_eq!(actions(&trail), ["cron_job_executed"; 3]);
        assert!(trail.iter().all(|entry| entry["actor_label"] == "System" && entry["source"] == "job"));
        assert!(trail.iter().all(|entry| entry["metadata"]["trigger"] == "scheduler" && entry["metadata"]["dry_run"] == false));
    }

    async fn missed_periods_of_releases_emails_and_holds_are_caught_up_by_one_run(app) {
        due(app).await;
        let mut known = 0;
        for (now, quarter, hour) in [
            ("2026-12-01T16:20:00Z", "2026-12-01T16:15:00.000Z", "2026-12-01T16:00:00.000Z"),
            ("2026-12-03T08:59:59Z", "2026-12-03T08:45:00.000Z", "2026-12-03T08:00:00.000Z"),
            ("2027-02-15T10:00:00Z", "2027-02-15T10:00:00.000Z", "2027-02-15T10:00:00.000Z"),
            ("2031-07-01T04:07:00Z", "2031-07-01T04:00:00.000Z", "2031-07-01T04:00:00.000Z"),
        ] {
            let case = app.a_case().accepted().create().await;
            let held = json!({"reason": "waiting for pay stub", "hold_duration_days": 0.01});
            app.as_manager().await.post(&case.url("hold"), held).await.expect(200);
            app.a_case().completed_until(app.clock.now() + chrono::TimeDelta::minutes(1)).create().await;
            app.clock.set(at(now));

            due(app).await;
            due(app).await;

            known += 1;
            for (job, period) in
                [("release_scheduled_cases", quarter), ("send_scheduled_emails", quarter), ("check_expired_holds", hour)]
            {
                let runs = runs(app, job).await;
                assert_eq!(runs.len(), known, "{job} at {now}");
                let (is_for, status) = (&runs[0]["scheduled_for"], &runs[0]["status"]);
                assert_eq!((is_for, status), (&json!(period), &json!("success")), "{job} at {now}");
                assert!(runs[0]["records_processed"].as_i64().unwrap() > 0, "{job} at {now}: {}", runs[0]);
            }
        }
    }

    async fn each_missed_quarter_is_caught_up_by_a_run_of_its_own(app) {
        due(app).await;
        let member = app.user("member1", entity::user::Role::Member, None).await;
        let allowances = format!("users/{}/credit-allowances", member.id);
        let second = format!("{allowances}/2027-Q2");
        let admin = app.as_admin().await;
        admin.send(reqwest::Method::PUT, &second, Some(json!({"allowed_credits": 7}))).await.expect(201);
        admin.patch("settings", json!({"default_quarterly_credits": 40})).await.expect(200);
        app.clock.set(at("2027-08-10T12:00:00Z"));
        let mark = app.mark().await;

        due(app).await;
        due(app).await;

        let runs: Vec<(Json, Json)> = runs(app, "quarterly_credit_reset").await.iter()
            .map(|run| (run["scheduled_for"].clone(), run["records_processed"].clone()))
            .collect();
        let expected = [("2027-07-01T05:05:00.000Z", 1), ("2027-04-01T05:05:00.000Z", 0), ("2027-01-01T06:05:00.000Z", 1)];
        assert_eq!(runs, expected.map(|(period, processed)| (json!(period), json!(processed))), "the newest first");
        let trail = app.since(&mark).await;
        let resets = trail.iter().filter(|entry| entry["action_type"] == "bulk_credit_reset");
        let quarters: Vec<&Json> = resets.map(|entry| &entry["metadata"]["quarter"]).collect();
        assert_eq!(quarters, [&json!("2027-Q1"), &json!("2027-Q3")], "that of the second quarter was set before");
        let list = app.as_admin().await.get(&allowances).await.expect(200);
        let mut allowed: Vec<(&Json, &Json)> =
            list["data"].as_array().unwrap().iter().map(|one| (&one["quarter"], &one["allowed_credits"])).collect();
        allowed.sort_by_key(|(quarter, _)| quarter.as_str().unwrap().to_owned());
        let expected = [("2027-Q1", 40), ("2027-Q2", 7), ("2027-Q3", 40)];
        let expected = expected.map(|(quarter, credits)| (json!(quarter), json!(credits)));
        assert_eq!(allowed, expected.iter().map(|(quarter, credits)| (quarter, credits)).collect::<Vec<_>>());
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
        assert_eq!(runs.len(), 1, "it is left to the next period");
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
