//! Job runs of other systems, as recorded in the audit log and the system events report.

use super::warehouse;
use crate::app::{actions, at};
use entity::user::Role;
use serde_json::{Value as Json, json};

fn run(status: &str, error: Json) -> Json {
    json!({
        "job_name": "nightly-sync", "records_processed": 1200, "status": status, "error_message": error,
        "started_at": "2026-11-30T06:00:00.000Z", "finished_at": "2026-11-30T06:00:04.200Z",
    })
}

on_each_database! {
    async fn a_run_is_recorded_by_its_reporter_at_the_services_own_time(app) {
        let by = warehouse(app).await;
        let mark = app.mark().await;

        let answer = by.post("ingest/cron-runs", run("success", Json::Null)).await;

        let left = answer.expect(201)["data"].clone();
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["cron_job_executed"]);
        let entry = &trail[0];
        assert_eq!((&left[0]["id"], &left[0]["metadata"]), (&entry["id"], &entry["metadata"]));
        assert_eq!(answer.header("location"), format!("/api/v1/audit-log/{}", entry["id"].as_str().unwrap()));
        assert_eq!((&entry["actor_label"], &entry["actor_type"]), (&json!("warehouse"), &json!("service")));
        assert_eq!((&entry["source"], &entry["outcome"]), (&json!("service"), &json!("success")));
        assert_eq!(entry["occurred_at"], "2026-12-01T15:00:00.000Z");
        assert_eq!(entry["metadata"], json!({
            "job_name": "nightly-sync", "records_processed": 1200, "records_failed": null, "status": "success",
            "error_message": null, "duration_ms": 4200, "dry_run": false, "trigger": "external",
            "started_at": "2026-11-30T06:00:00.000Z", "finished_at": "2026-11-30T06:00:04.200Z",
        }));
        assert_eq!((&entry["object_type"], &entry["changes"]), (&json!("job"), &json!({})));

        let mark = app.mark().await;
        app.as_admin().await.post("ingest/cron-runs", run("success", Json::Null)).await.expect(201);
        assert_eq!(app.since(&mark).await[0]["source"], "endpoint", "an administrator is no service");
    }

    async fn the_system_events_report_shows_failed_runs_with_their_errors(app) {
        let by = warehouse(app).await;
        for (status, error) in
            [("success", Json::Null), ("failure", json!("connection refused")), ("failure", json!("timed out"))]
        {
            app.pass(chrono::TimeDelta::minutes(1));
            by.post("ingest/cron-runs", run(status, error)).await.expect(201);
        }
        let report = app.as_manager().await.get("reports/system-events?event_type=cron_job").await.expect(200);
        let summary = &report["summary"];
        let counts = ["total_events", "successful_events", "failed_events"].map(|name| summary[name].as_i64().unwrap());
        assert_eq!((counts, &summary["success_percent"]), ([3, 1, 2], &json!(33.3)));
        let job = report["jobs"].as_array().unwrap().iter().find(|job| job["job_name"] == "nightly-sync").unwrap();
        assert_eq!((&job["last_status"], &job["consecutive_failures"]), (&json!("failure"), &json!(2)));
        let newest = &report["entries"]["data"][0];
        assert_eq!((&newest["outcome"], &newest["error_message"]), (&json!("failure"), &json!("timed out")));
        assert_eq!(report["health"]["failed_jobs_24h"], 2);
    }

    async fn an_invalid_run_is_refused_by_field(app) {
        let by = warehouse(app).await;
        let mark = app.mark().await;
        for (change, pointer) in [
            (json!({"error_message": "but why"}), "error_message"),
            (json!({"finished_at": "2026-11-30T05:59:59Z"}), "finished_at"),
            (json!({"started_at": "1999-11-30T05:59:59Z"}), "started_at"),
            (json!({"job_name": "nightly sync"}), "job_name"),
            (json!({"job_name": ""}), "job_name"),
            (json!({"job_name": "send_scheduled_emails"}), "job_name"),
            (json!({"records_processed": -1}), "records_processed"),
            (json!({"status": "perhaps"}), "status"),
            (json!({"actor_id": null}), "actor_id"),
        ] {
            let mut body = run("success", Json::Null);
            change.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
            let answer = by.post("ingest/cron-runs", body).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{pointer}")], "{change}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_run_reported_by_a_caller_without_the_scope_is_refused_and_recorded(app) {
        let reader = app.as_admin().await.post("users", json!({
            "username": "reader", "email": "reader@example.org", "first_name": "R", "last_name": "D",
            "role": "service", "scopes": ["audit:read", "reports:read"],
        })).await.expect(201);
        let reader = app.with_token(reader["api_key"].as_str().unwrap());
        let mark = app.mark().await;
        for by in [reader, app.as_manager().await, app.as_tech(3).await, app.as_member().await] {
            by.post("ingest/cron-runs", run("success", Json::Null)).await.expect_problem(403, "forbidden");
        }
        let trail: Vec<_> = app.since(&mark).await.into_iter().filter(|entry| entry["outcome"] == "denied").collect();
        assert_eq!(actions(&trail), ["cron_job_executed"; 4]);
        app.user("manager9", Role::Manager, None).await;
    }

    async fn a_retried_report_is_recorded_once(app) {
        let by = warehouse(app).await.with("Idempotency-Key", "nightly-2026-11-30");
        let mark = app.mark().await;
        let first = by.post("ingest/cron-runs", run("success", Json::Null)).await.expect(201);
        app.clock.set(at("2026-12-01T16:00:00Z"));
        let again = by.post("ingest/cron-runs", run("success", Json::Null)).await;
        assert_eq!((again.expect(201), again.header("idempotency-replayed")), (first, "true"));
        assert_eq!(app.since(&mark).await.len(), 1);
    }
}
