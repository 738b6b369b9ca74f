//! How failing jobs, of this service and of others, are reported in the system events report and to the administrators.

use super::run::forbid_changes;
use crate::app::{Exposition, TestApp, actions};
use crate::ingest::warehouse;
use serde_json::{Value as Json, json};

/// Makes the next run of the job that releases cases fail: a case is due, and none can be changed.
async fn forbid_a_release(app: &TestApp) {
    app.a_case().completed_until(app.clock.now() + chrono::TimeDelta::minutes(1)).create().await;
    app.pass(chrono::TimeDelta::minutes(2));
    forbid_changes(app).await;
}

fn run(status: &str, error: Json) -> Json {
    json!({"job_name": "nightly-sync", "records_processed": 0, "status": status, "error_message": error})
}

fn job<'a>(report: &'a Json, name: &str) -> &'a Json {
    report["jobs"].as_array().unwrap().iter().find(|job| job["job_name"] == name).unwrap()
}

on_each_database! {
    async fn local_and_external_runs_and_their_outcomes_are_distinguished(app) {
        forbid_a_release(app).await;
        let (admin, elsewhere) = (app.as_admin().await, warehouse(app).await);
        let mark = app.mark().await;
        let broken = admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);
        elsewhere.post("ingest/cron-runs", run("failure", json!("connection refused"))).await.expect(201);
        app.pass(chrono::TimeDelta::minutes(1));
        elsewhere.post("ingest/cron-runs", run("success", Json::Null)).await.expect(201);

        let runs: Vec<Json> =
            app.since(&mark).await.into_iter().filter(|entry| entry["action_type"] == "cron_job_executed").collect();
        assert_eq!(actions(&runs).len(), 3);
        let report = app.as_manager().await.get("reports/system-events?event_type=cron_job").await.expect(200);

        let summary = &report["summary"];
        let counts = ["total_events", "successful_events", "failed_events"].map(|name| summary[name].as_i64().unwrap());
        assert_eq!((counts, &summary["success_percent"]), ([3, 1, 2], &json!(33.3)));
        let releases = job(&report, "release_scheduled_cases");
        assert_eq!((&releases["last_status"], &releases["consecutive_failures"]), (&json!("failure"), &json!(1)));
        let sync = job(&report, "nightly-sync");
        assert_eq!((&sync["last_status"], &sync["consecutive_failures"]), (&json!("success"), &json!(0)));
        let failed: Vec<&Json> =
            report["entries"]["data"].as_array().unwrap().iter().filter(|row| row["outcome"] == "failure").collect();
        let errors: Vec<&Json> = failed.iter().map(|row| &row["error_message"]).collect();
        assert_eq!(errors, [&json!("connection refused"), &broken["error_message"]]);
        assert_eq!(report["health"]["failed_jobs_24h"], 2);

        let alerts = app.as_admin().await.get("alerts").await.expect(200);
        let shown: Vec<(&str, &str)> = alerts["data"].as_array().unwrap().iter()
            .map(|alert| (alert["title"].as_str().unwrap(), alert["message"].as_str().unwrap()))
            .collect();
        assert_eq!(shown, [
            ("Job nightly-sync failed", "connection refused"),
            ("Job release_scheduled_cases failed", broken["error_message"].as_str().unwrap()),
        ]);
    }

    async fn a_dry_run_does_not_affect_the_reported_health_of_a_job(app) {
        forbid_a_release(app).await;
        let admin = app.as_admin().await;
        admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);
        let dry = admin.post("jobs/release_scheduled_cases/run", json!({"dry_run": true})).await.expect(200);
        assert_eq!(dry["status"], "success");

        let jobs = admin.get("jobs").await.expect(200);
        let listed = jobs["data"].as_array().unwrap().iter().find(|job| job["job_name"] == "release_scheduled_cases").unwrap();
        let report = app.as_manager().await.get("reports/system-events").await.expect(200);
        for shown in [listed, job(&report, "release_scheduled_cases")] {
            assert_eq!((&shown["last_status"], &shown["consecutive_failures"]), (&json!("failure"), &json!(1)), "{shown}");
            assert_eq!(shown["last_success_at"], Json::Null);
        }
        let runs = app.as_manager().await.get("job-runs").await.expect(200);
        assert_eq!(runs["data"].as_array().unwrap().len(), 2, "both are on record");
        assert_eq!(report["health"]["failed_jobs_24h"], 1);
        let metrics = Exposition::parse(&app.as_anonymous().get("/metrics").await.text);
        let runs = |status: &str| {
            metrics.value(&format!("casetrail_job_runs_total{{job_name=\"release_scheduled_cases\",status=\"{status}\"}}"))
        };
        assert_eq!((runs("success"), runs("failure")), (0.0, 1.0));
    }

    async fn administrators_get_an_email_for_the_first_failure_in_a_row_and_an_alert_for_each(app) {
        let (admin, elsewhere) = (app.as_admin().await, warehouse(app).await);
        let mails = async || {
            let queue = app.as_manager().await.get("outbox").await.expect(200);
            queue["data"].as_array().unwrap().iter().filter(|mail| mail["template"] == "job_failed").count()
        };
        for error in ["connection refused", "timed out", "timed out"] {
            elsewhere.post("ingest/cron-runs", run("failure", json!(error))).await.expect(201);
            app.pass(chrono::TimeDelta::seconds(1));
        }
        assert_eq!(admin.get("alerts").await.expect(200)["data"].as_array().unwrap().len(), 3);
        assert_eq!(mails().await, 1, "it was told that it fails");
        elsewhere.post("ingest/cron-runs", run("success", Json::Null)).await.expect(201);
        app.pass(chrono::TimeDelta::seconds(1));
        elsewhere.post("ingest/cron-runs", run("failure", json!("again"))).await.expect(201);
        assert_eq!(mails().await, 2, "it had recovered");
    }
}
