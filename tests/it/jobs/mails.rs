//! Emails: sent after commit, retried, given up, and switched off.

use super::hold;
use crate::app::{Client, Kind, MailServer, Manner, Settings, TestApp, actions};
use chrono::TimeDelta;
use entity::outbox;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::{Value as Json, json};
use std::time::Duration;

async fn send(by: &Client<'_>) -> Json {
    by.post("jobs/send_scheduled_emails/run", json!({})).await.expect(200).clone()
}

async fn queue(app: &TestApp) -> Json {
    app.as_manager().await.get("outbox").await.expect(200)["data"].clone()
}

/// A case held for a number of days from 09:00 in Chicago on; returns its number.
async fn hold_for(app: &TestApp, days: u32) -> String {
    let case = app.a_case().accepted().create().await;
    let body = json!({"reason": "waiting for pay stub", "hold_duration_days": days});
    app.as_manager().await.post(&case.url("hold"), body).await.expect(200);
    case.case.case_number
}

#[tokio::test]
async fn an_email_has_its_times_in_the_zone_configured_when_it_is_sent() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let server = MailServer::start(Manner::Slow(Duration::ZERO)).await;
        let settings = Settings { smtp_url: Some(server.url()), ..Settings::default() };
        let Some(app) = TestApp::start_with(kind, settings).await else { continue };
        let admin = app.as_admin().await;
        let number = hold_for(&app, 2).await;
        send(&admin).await;
        // Daylight saving time has begun by then.
        hold_for(&app, 120).await;
        send(&admin).await;
        hold_for(&app, 2).await;
        admin.patch("settings", json!({"time_zone": "Asia/Tokyo"})).await.expect(200);
        send(&admin).await;

        let mails = server.texts();
        assert!(mails[0].contains(&format!("Subject: Case {number} is on hold\n")), "{}", mails[0]);
        let first = format!(
            "Dear Ada,\n\nCase {number} (Ada Moss) was put on hold on Tuesday, 1 December 2026, 09:00 (America/Chicago).\n\n\
             Reason: waiting for pay stub\n\n\
             It is expected to be resumed by Thursday, 3 December 2026, 09:00 (America/Chicago).\n\n\
             If the reason asks for a document or an answer, add it to the case; you will be notified when work on the case \
             continues.\n\nThis email was sent by Casetrail."
        );
        assert!(mails[0].contains(&first), "{}", mails[0]);
        assert!(mails[1].contains("resumed by Wednesday, 31 March 2027, 10:00 (America/Chicago)."), "{}", mails[1]);
        let tokyo =
            ["on hold on Wednesday, 2 December 2026, 00:00 (Asia/Tokyo).", "by Friday, 4 December 2026, 00:00 (Asia/Tokyo)."];
        assert!(tokyo.iter().all(|time| mails[2].contains(time)), "{}", mails[2]);
        app.finish().await;
    }
}

/// Gives a member an undeliverable address.
async fn unreachable(app: &TestApp) {
    app.as_member().await.patch("auth/me", json!({"email": "member1@example.invalid"})).await.expect(200);
}

on_each_database! {
    async fn an_email_is_sent_by_the_job_and_each_attempt_is_recorded(app) {
        hold(app).await;
        let (admin, mark) = (app.as_admin().await, app.mark().await);
        assert_eq!(queue(app).await[0]["status"], "pending");

        let run = send(&admin).await;

        assert_eq!(
            (&run["status"], &run["records_processed"], &run["records_failed"]),
            (&json!("success"), &json!(1), &json!(0))
        );
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["email_notification_sent", "cron_job_executed"]);
        let metadata = &trail[0]["metadata"];
        assert_eq!(
            (&metadata["delivery_status"], &metadata["attempt"], &metadata["template"]),
            (&json!("sent"), &json!(1), &json!("case_held"))
        );
        assert_eq!((&trail[0]["actor_label"], &trail[0]["related_user"]["username"]), (&json!("System"), &json!("member1")));
        assert_eq!(queue(app).await[0]["status"], "sent");
        let mark = app.mark().await;
        assert_eq!(send(&admin).await["records_processed"], 0);
        assert_eq!(actions(&app.since(&mark).await), ["cron_job_executed"], "it is not sent twice");
    }

    async fn an_undeliverable_email_is_recorded_as_failed_and_its_run_is_not(app) {
        unreachable(app).await;
        hold(app).await;
        let (admin, mark) = (app.as_admin().await, app.mark().await);

        let run = send(&admin).await;

        assert_eq!((&run["status"], &run["error_message"]), (&json!("success"), &json!("the domain does not exist")));
        assert_eq!((&run["records_processed"], &run["records_failed"]), (&json!(1), &json!(1)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["email_notification_sent", "cron_job_executed"]);
        assert_eq!((&trail[0]["outcome"], &trail[1]["outcome"]), (&json!("failure"), &json!("success")));
        assert_eq!(trail[0]["metadata"]["delivery_status"], "failed");
        let mails = queue(app).await;
        let failed: Vec<&Json> = mails.as_array().unwrap().iter().filter(|mail| mail["template"] == "case_held").collect();
        assert_eq!((&failed[0]["status"], &failed[0]["last_error"]), (&json!("failed"), &json!("the domain does not exist")));
        assert_eq!(mails.as_array().unwrap().len(), 1, "no email tells the administrators");
        assert_eq!(admin.get("alerts").await.expect(200)["data"], json!([]));
        let report = admin.get("reports/system-events").await.expect(200);
        assert_eq!(report["health"]["failed_emails_24h"], 1);
        assert_eq!(report["jobs"][0]["consecutive_failures"], 0);
    }

    async fn an_email_claimed_by_a_killed_process_is_sent_after_its_wait(app) {
        hold(app).await;
        let tx = app.write().await;
        let claimed = entity::delivery::claim_next(&tx).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claimed.attempts, 1);
        let admin = app.as_admin().await;
        assert_eq!(send(&admin).await["records_processed"], 0, "it may still be on its way");

        app.pass(TimeDelta::minutes(5));
        let (admin, mark) = (app.as_admin().await, app.mark().await);
        assert_eq!(send(&admin).await["records_processed"], 1);
        assert_eq!(app.since(&mark).await[0]["metadata"]["attempt"], 2);
    }

    async fn an_email_queued_by_a_newer_version_is_sent(app) {
        hold(app).await;
        let mails = outbox::Entity::find().all(&app.outside).await.unwrap();
        let newer = outbox::ActiveModel { id: Set(mails[0].id), template: Set("case_archived".to_owned()), ..Default::default() };
        newer.update(&app.outside).await.unwrap();

        let run = send(&app.as_admin().await).await;

        assert_eq!((&run["records_processed"], &run["records_failed"]), (&json!(1), &json!(0)), "{run}");
        let sent = queue(app).await;
        assert_eq!((&sent[0]["template"], &sent[0]["status"]), (&json!("case_archived"), &json!("sent")));
    }

    async fn events_while_emails_are_disabled_are_not_emailed_later(app) {
        let admin = app.as_admin().await;
        hold(app).await;
        admin.patch("settings", json!({"email_notifications_enabled": false})).await.expect(200);
        hold(app).await;
        let mark = app.mark().await;
        let dry = admin.post("jobs/send_scheduled_emails/run", json!({"dry_run": true})).await.expect(200);
        assert_eq!(dry["records_processed"], 0, "it would send none");
        assert_eq!(send(&admin).await["records_processed"], 0);
        admin.patch("settings", json!({"email_notifications_enabled": true})).await.expect(200);
        assert_eq!(send(&admin).await["records_processed"], 0);

        assert_eq!(
            actions(&app.since(&mark).await),
            ["cron_job_executed", "cron_job_executed", "settings_updated", "cron_job_executed"]
        );
        let mails = queue(app).await;
        assert!(mails.as_array().unwrap().iter().all(|mail| mail["status"] == "skipped"), "{mails}");
    }

    async fn a_delayed_email_is_not_sent_before_its_time(app) {
        app.as_admin().await.patch("settings", json!({"default_email_delay_hours": 2})).await.expect(200);
        hold(app).await;
        assert_eq!(send(&app.as_admin().await).await["records_processed"], 0);
        app.pass(TimeDelta::hours(2));
        assert_eq!(send(&app.as_admin().await).await["records_processed"], 1);
    }

    async fn an_attempt_whose_entry_cannot_be_written_is_not_recorded_as_sent(app) {
        hold(app).await;
        let admin = app.as_admin().await;
        app.refuse_entries().await;
        admin.post("jobs/send_scheduled_emails/run", json!({})).await.expect_problem(503, "audit_unavailable");
        let mails = queue(app).await;
        assert!(mails.as_array().unwrap().iter().all(|mail| mail["status"] == "pending"), "{mails}");
        app.accept_entries().await;
        app.pass(TimeDelta::minutes(5));
        send(&app.as_admin().await).await;
        let mails = queue(app).await;
        assert!(mails.as_array().unwrap().iter().all(|mail| mail["status"] == "sent"), "{mails}");
    }
}
