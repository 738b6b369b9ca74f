//! Scheduled releases: visible at their time, marked and emailed by the job.

use super::run::forbid;
use crate::app::{actions, at};
use serde_json::json;

on_each_database! {
    async fn a_scheduled_release_is_visible_at_its_time_and_emailed_by_the_job(app) {
        let case = app.a_case().completed_until(at("2026-12-02T00:00:00Z")).create().await;

        app.clock.set(at("2026-12-01T23:59:59.999Z"));
        let member = app.as_member().await;
        assert_eq!(member.get(&case.path()).await.expect(200)["status"], "accepted");
        app.clock.set(at("2026-12-02T00:00:00Z"));
        assert_eq!(member.get(&case.path()).await.expect(200)["status"], "completed");
        assert_eq!(member.get("alerts").await.expect(200)["data"], json!([]), "no one is notified yet");

        app.clock.set(at("2026-12-02T00:07:00Z"));
        let (admin, mark) = (app.as_admin().await, app.mark().await);
        let run = admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);

        assert_eq!(
            (&run["status"], &run["records_processed"], &run["trigger"]),
            (&json!("success"), &json!(1), &json!("manual"))
        );
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_updated", "cron_job_executed"]);
        assert_eq!(
            trail[0]["changes"],
            json!({
                "scheduled_release_at": {"from": "2026-12-02T00:00:00.000Z", "to": null},
                "released_at": {"from": null, "to": "2026-12-02T00:00:00.000Z"},
            })
        );
        assert_eq!(
            (&trail[0]["metadata"]["event"], &trail[0]["metadata"]["trigger"]),
            (&json!("case_released"), &json!("manual"))
        );
        assert_eq!((&trail[0]["actor_label"], &trail[0]["source"]), (&json!("System"), &json!("job")));
        assert_eq!((&trail[1]["actor_label"], &trail[1]["source"]), (&json!("admin"), &json!("endpoint")));
        assert_eq!(trail[0]["request_id"], trail[1]["request_id"], "the change and the run are one request");
        let shown = member.get(&case.path()).await.expect(200);
        assert_eq!(shown["release"], json!({"scheduled_release_at": null, "released_at": "2026-12-02T00:00:00.000Z"}));
        assert_eq!(member.get("alerts").await.expect(200)["data"][0]["kind"], "case_released");

        let mark = app.mark().await;
        admin.post("jobs/send_scheduled_emails/run", json!({})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["email_notification_sent", "cron_job_executed"]);
        assert_eq!(
            (&trail[0]["metadata"]["template"], &trail[0]["related_user"]["username"]),
            (&json!("case_released"), &json!("member1"))
        );
        assert_eq!(trail[0]["case"]["id"], json!(case.id()));
    }

    async fn a_case_that_cannot_be_released_keeps_no_other_from_being_released(app) {
        let mut cases = Vec::new();
        for _ in 0..3 {
            cases.push(app.a_case().completed_until(at("2026-12-02T00:00:00Z")).create().await);
        }
        app.clock.set(at("2026-12-02T01:00:00Z"));
        forbid(app, "UPDATE ON cases", &format!("OLD.case_number = '{}'", cases[1].case.case_number)).await;
        let (admin, mark) = (app.as_admin().await, app.mark().await);

        let run = admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);

        let counts = (&run["records_processed"], &run["records_failed"]);
        assert_eq!((&run["status"], counts), (&json!("success"), (&json!(3), &json!(1))));
        assert!(run["error_message"].as_str().unwrap().contains("the disk is worn out"), "{run}");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_updated", "case_updated", "cron_job_executed"]);
        assert_eq!((&trail[0]["metadata"]["trigger"], &trail[2]["metadata"]["records_failed"]), (&json!("manual"), &json!(1)));
        assert!(trail.iter().all(|entry| entry["outcome"] == "success" && entry["request_id"] == trail[0]["request_id"]));
        for (case, is_released) in cases.iter().zip([true, false, true]) {
            let released_at = admin.get(&case.path()).await.expect(200)["release"]["released_at"].clone();
            assert_eq!(released_at.is_string(), is_released, "{}", case.case.case_number);
        }
        assert_eq!(admin.get("alerts").await.expect(200)["data"], json!([]), "the run did not fail");

        let again = admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);
        let counts = (&again["records_processed"], &again["records_failed"]);
        assert_eq!((&again["status"], counts), (&json!("failure"), (&json!(1), &json!(1))), "now every record fails");
        assert_eq!(admin.get("alerts").await.expect(200)["data"][0]["kind"], "job_failed");
    }

    async fn nothing_is_released_before_its_time(app) {
        app.a_case().completed_until(at("2026-12-02T00:00:00Z")).create().await;
        let (admin, mark) = (app.as_admin().await, app.mark().await);

        let run = admin.post("jobs/release_scheduled_cases/run", json!({})).await.expect(200);

        assert_eq!((&run["status"], &run["records_processed"]), (&json!("success"), &json!(0)));
        assert_eq!(actions(&app.since(&mark).await), ["cron_job_executed"], "a run that found nothing is on record too");
    }

    async fn a_dry_run_reports_what_it_would_do_and_changes_nothing(app) {
        let case = app.a_case().completed_until(at("2026-12-02T00:00:00Z")).create().await;
        app.clock.set(at("2026-12-02T01:00:00Z"));
        let (admin, mark) = (app.as_admin().await, app.mark().await);

        let run = admin.post("jobs/release_scheduled_cases/run", json!({"dry_run": true})).await.expect(200);

        assert_eq!((&run["dry_run"], &run["records_processed"]), (&json!(true), &json!(1)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["cron_job_executed"]);
        assert_eq!(trail[0]["metadata"]["dry_run"], true);
        assert_eq!(admin.get(&case.path()).await.expect(200)["release"]["released_at"], json!(null));
    }
}
