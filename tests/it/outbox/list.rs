//! Listing the emails in the outbox.

use entity::outbox::{self, MailStatus};
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn managers_see_pending_emails_without_their_content(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        by.post(&case.url("hold"), json!({"reason": "a secret reason"})).await.expect(200);
        by.post(&case.url("resume"), json!({"reason": "because"})).await.expect(200);
        let mark = app.mark().await;

        let list = by.get("outbox?status=pending&include_total=true").await.expect(200);

        assert_eq!(list["page"]["total"], 2);
        let (case_number, id) = (&case.case.case_number, &list["data"][1]["id"]);
        assert_eq!(list["data"][1], json!({
            "id": id, "status": "pending", "template": "case_held", "recipient": "member1@example.org",
            "related_user": {"id": case.case.member_id, "username": "member1", "full_name": "Ada member1"},
            "case": {"id": case.id(), "case_number": case_number},
            "queued_at": "2026-12-01T15:00:00.000Z", "send_after": "2026-12-01T15:00:00.000Z", "attempts": 0,
            "last_attempt_at": null, "last_error": null, "sent_at": null,
        }));
        assert!(!list.to_string().contains("secret"));
        assert_eq!(by.get("outbox?status=sent&status=failed&status=skipped").await.expect(200)["data"], json!([]));
        assert_eq!(app.since(&mark).await.len(), 0);
        app.as_tech(3).await.get("outbox").await.expect_problem(403, "forbidden");
        app.as_member().await.get("outbox").await.expect_problem(403, "forbidden");
    }

    async fn the_settings_determine_whether_and_when_emails_are_sent(app) {
        let (admin, why) = (app.as_admin().await, json!({"reason": "because"}));
        let case = app.a_case().accepted().create().await;
        admin.patch("settings", json!({"default_email_delay_hours": 3})).await.expect(200);
        admin.post(&case.url("hold"), why.clone()).await.expect(200);
        admin.patch("settings", json!({"email_notifications_enabled": false})).await.expect(200);
        let mark = app.mark().await;
        admin.post(&case.url("resume"), why).await.expect(200);

        let list = admin.get("outbox").await.expect(200);

        let rows: Vec<(&Json, &Json)> =
            list["data"].as_array().unwrap().iter().map(|mail| (&mail["status"], &mail["send_after"])).collect();
        let (now, later) = (json!("2026-12-01T18:00:00.000Z"), json!("2026-12-01T18:00:00.000Z"));
        assert_eq!(rows, [(&json!("skipped"), &now), (&json!("pending"), &later)]);
        assert_eq!(crate::app::actions(&app.since(&mark).await), ["case_resumed"], "a skipped mail leaves no entry");
        let skipped = outbox::Entity::find().all(&app.outside).await.unwrap();
        assert_eq!(skipped.iter().filter(|mail| mail.status == MailStatus::Skipped).count(), 1);
        assert_eq!(app.as_member().await.get("alerts").await.expect(200)["data"].as_array().unwrap().len(), 2, "the alerts stay");
    }
}
