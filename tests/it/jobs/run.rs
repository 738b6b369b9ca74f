//! Running a job on demand, and what an aborted run leaves behind.

use crate::app::{Kind, TestApp, actions, at};
use sea_orm::ConnectionTrait;
use serde_json::json;

/// From here on, no case can be changed.
pub async fn forbid_changes(app: &TestApp) {
    forbid(app, "UPDATE ON cases", "1 = 1").await;
}

/// Forbids a kind of change where a condition holds.
#[expect(clippy::disallowed_methods, reason = "done as the owner of the database")]
pub async fn forbid(app: &TestApp, change: &str, condition: &str) {
    let sql = match app.kind {
        Kind::Sqlite => format!(
            "CREATE TRIGGER no_change BEFORE {change} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'the disk is worn out'); END"
        ),
        Kind::Postgres => format!(
            "CREATE FUNCTION no_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN \
             RAISE EXCEPTION 'the disk is worn out'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER no_change BEFORE {change} FOR EACH ROW EXECUTE FUNCTION no_change()"
        ),
    };
    app.outside.execute_unprepared(&sql).await.unwrap();
}

on_each_database! {
    async fn a_failed_run_is_recorded_with_an_alert_and_releases_nothing(app) {
        let case = app.a_case().completed_until(at("2026-12-02T00:00:00Z")).create().await;
        app.clock.set(at("2026-12-02T01:00:00Z"));
        forbid_changes(app).await;
        let (admin, mark) = (app.as_admin().await, app.mark().await);

        let run = admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);

        let counts = (&run["records_processed"], &run["records_failed"]);
        assert_eq!((&run["status"], counts), (&json!("failure"), (&json!(1), &json!(1))));
        assert!(run["error_message"].as_str().unwrap().contains("the disk is worn out"), "{run}");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["cron_job_executed"]);
        assert_eq!((&trail[0]["outcome"], &trail[0]["metadata"]["status"]), (&json!("failure"), &json!("failure")));
        assert_eq!(trail[0]["metadata"]["error_message"], run["error_message"]);
        assert_eq!(admin.get(&case.path()).await.expect(200)["release"]["released_at"], json!(null));
        let alerts = admin.get("alerts").await.expect(200);
        assert_eq!(alerts["data"].as_array().unwrap().len(), 1);
        assert_eq!(alerts["data"][0]["kind"], "job_failed");
        let jobs = admin.get("jobs").await.expect(200);
        let job = jobs["data"].as_array().unwrap().iter().find(|job| job["job_name"] == "release_scheduled_cases").unwrap();
        assert_eq!((&job["last_status"], &job["consecutive_failures"]), (&json!("failure"), &json!(1)));
    }

    async fn a_run_retried_with_its_key_gets_the_stored_response_and_is_not_repeated(app) {
        let admin = app.as_admin().await.with("Idempotency-Key", "the-run-of-today");
        let mark = app.mark().await;
        for job in ["check_expired_holds", "send_scheduled_emails"] {
            let path = format!("jobs/{job}/run");
            let first = admin.post(&path, json!({})).await;
            let again = admin.post(&path, json!({})).await;
            // Another path with the same key is another request.
            match job {
                "check_expired_holds" => {
                    assert_eq!(again.expect(200), first.expect(200));
                    assert_eq!(again.header("idempotency-replayed"), "true");
                }
                _ => drop(first.expect_problem(422, "idempotency_key_reused")),
            }
        }
        assert_eq!(actions(&app.since(&mark).await), ["cron_job_executed"]);
    }

    async fn a_running_job_cannot_be_run_again(app) {
        let admin = app.as_admin().await;
        let tx = app.write().await;
        let job = entity::job::JobName::SendScheduledEmails;
        entity::job::lease(&tx, job, uuid::Uuid::now_v7(), app.clock.now() + chrono::TimeDelta::seconds(60)).await.unwrap();
        tx.commit().await.unwrap();
        let mark = app.mark().await;

        admin.post("jobs/send_scheduled_emails/run", json!({})).await.expect_problem(409, "job_running");
        assert_eq!(app.since(&mark).await.len(), 0);

        // The process that held it was killed.
        app.pass(chrono::TimeDelta::seconds(61));
        app.as_admin().await.post("jobs/send_scheduled_emails/run", json!({})).await.expect(200);
    }

    async fn a_job_run_that_is_forbidden_or_unknown_is_refused_and_recorded(app) {
        let (manager, admin) = (app.as_manager().await, app.as_admin().await);
        let mark = app.mark().await;
        manager.post("jobs/check_expired_holds/run", json!({})).await.expect_problem(403, "forbidden");
        admin.post("jobs/sing/run", json!({})).await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["cron_job_executed", "cron_job_executed"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
        assert_eq!((&trail[0]["object_type"], &trail[0]["object_id"]), (&json!("job"), &json!("check_expired_holds")));
    }

    async fn the_runs_are_listed_with_the_newest_first(app) {
        let admin = app.as_admin().await;
        for job in ["check_expired_holds", "quarterly_credit_reset", "check_expired_holds"] {
            admin.post(&format!("jobs/{job}/run"), json!({"dry_run": job == "quarterly_credit_reset"})).await.expect(200);
            app.pass(chrono::TimeDelta::seconds(1));
        }
        let manager = app.as_manager().await;
        let runs = manager.get("job-runs?include_total=true&limit=2").await.expect(200);
        let names: Vec<&str> = runs["data"].as_array().unwrap().iter().map(|run| run["job_name"].as_str().unwrap()).collect();
        assert_eq!(names, ["check_expired_holds", "quarterly_credit_reset"]);
        assert_eq!((&runs["page"]["total"], &runs["page"]["has_more"]), (&json!(3), &json!(true)));
        let some = manager.get("job-runs?job_name=quarterly_credit_reset&status=success&trigger=manual").await.expect(200);
        assert_eq!((some["data"].as_array().unwrap().len(), &some["data"][0]["dry_run"]), (1, &json!(true)));
        manager.get("job-runs?job_name=sing").await.expect_problem(400, "invalid_parameter");
    }
}
