//! Emails, exports, reports, accesses to the log, and other external activities.

use super::{member, warehouse};
use crate::app::{Exposition, actions};
use chrono::TimeDelta;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn an_email_is_recorded_with_its_case_and_its_recipient(app) {
        let by = warehouse(app).await;
        let case = app.a_case().accepted().create().await;
        let mark = app.mark().await;
        let body = json!({
            "case_id": case.id(), "recipient": "Member1@example.org", "sent_at": "2026-12-01T14:59:00.000Z",
            "delivery_status": "failed", "error_message": "550 no such mailbox",
        });
        by.post("ingest/email-notifications", body).await.expect(201);
        by.post("ingest/email-notifications", json!({"recipient": "x@example.com", "delivery_status": "sent"})).await.expect(201);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["email_notification_sent"; 2]);
        assert_eq!(trail[0]["metadata"], json!({
            "recipient": "Member1@example.org", "template": null, "delivery_status": "failed", "attempt": 1,
            "error_message": "550 no such mailbox", "sent_at": "2026-12-01T14:59:00.000Z",
        }));
        assert_eq!((&trail[0]["outcome"], &trail[0]["case"]["id"]), (&json!("failure"), &json!(case.id())));
        assert_eq!(trail[0]["related_user"]["username"], "member1");
        assert_eq!(
            (&trail[1]["outcome"], &trail[1]["case"], &trail[1]["related_user"]),
            (&json!("success"), &Json::Null, &Json::Null)
        );
    }

    async fn each_failed_email_counts_whichever_system_sent_it(app) {
        let by = warehouse(app).await;
        let failed = async || {
            let report = app.as_manager().await.get("reports/system-events").await.expect(200);
            report["health"]["failed_emails_24h"].clone()
        };
        let case = app.a_case().accepted().create().await;
        for (body, count) in [
            (json!({"recipient": "x@example.com", "delivery_status": "sent"}), 0),
            (json!({"recipient": "x@example.com", "delivery_status": "failed"}), 1),
            (json!({"recipient": "member1@example.org", "delivery_status": "failed", "error_message": "550 no such mailbox"}), 2),
            (json!({"recipient": "y@example.com", "delivery_status": "failed", "case_id": case.id()}), 3),
        ] {
            by.post("ingest/email-notifications", body).await.expect(201);
            assert_eq!(failed().await, count);
        }
        app.as_member().await.patch("auth/me", json!({"email": "member1@example.invalid"})).await.expect(200);
        app.as_manager().await.post(&case.url("hold"), json!({"reason": "waiting for pay stub"})).await.expect(200);
        app.as_admin().await.post("jobs/send_scheduled_emails/run", json!({})).await.expect(200);
        assert_eq!(failed().await, 4);
        let metrics = Exposition::parse(&app.as_anonymous().get("/metrics").await.text);
        let emails = |template: &str, status: &str| {
            metrics.value(&format!("casetrail_emails_total{{template=\"{template}\",status=\"{status}\"}}"))
        };
        assert_eq!((emails("external", "failed"), emails("external", "sent"), emails("case_held", "failed")), (3.0, 1.0, 1.0));
        app.pass(TimeDelta::hours(24));
        assert_eq!(failed().await, 4);
        app.pass(TimeDelta::seconds(1));
        assert_eq!(failed().await, 0);
    }

    async fn exports_reports_and_accesses_are_recorded_with_the_user_they_were_for(app) {
        let by = warehouse(app).await;
        let user_id = member(app, 1).await;
        let mark = app.mark().await;
        let export = json!({"export_type": "cases", "format": "parquet", "record_count": 20_000,
            "filters": {"status": ["completed"]}, "user_id": user_id});
        by.post("ingest/bulk-exports", export).await.expect(201);
        let report =
            json!({"report_type": "turnaround", "parameters": {"month": "2026-11"}, "row_count": 42, "user_id": user_id});
        by.post("ingest/report-generations", report).await.expect(201);
        let access = json!({"view_type": "siem_dashboard", "user_id": user_id});
        by.post("ingest/audit-accesses", access).await.expect(201);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["bulk_export", "report_generated", "audit_log_accessed"]);
        assert!(trail.iter().all(|entry| entry["related_user"]["id"] == json!(user_id) && entry["source"] == "service"));
        assert_eq!(
            trail[0]["metadata"],
            json!({
                "export_type": "cases", "format": "parquet", "record_count": 20_000, "filters": {"status": ["completed"]},
            })
        );
        assert_eq!(
            trail[1]["metadata"],
            json!({"report_type": "turnaround", "parameters": {"month": "2026-11"}, "row_count": 42})
        );
        assert_eq!(trail[2]["metadata"], json!({"view_type": "siem_dashboard", "filters": {}}));
    }

    async fn any_other_activity_is_recorded_as_other_with_its_own_metadata(app) {
        let by = warehouse(app).await;
        let case = app.a_case().accepted().create().await;
        let mark = app.mark().await;
        let body = json!({
            "event": "letter_sent", "description": "The welcome letter went out", "case_id": case.id(),
            "metadata": {
                "pages": 2, "weight": 0.125, "job_name": "none", "carrier": {"name": "post", "tracked": false},
                // Words of the service's own entries, with values that they don't have there.
                "reason": 5, "status": [7], "code": null,
            },
        });
        by.post("ingest/activities", body).await.expect(201);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other"]);
        let entry = &trail[0];
        assert_eq!((&entry["description"], &entry["object_type"]), (&json!("The welcome letter went out"), &json!("case")));
        assert_eq!(
            entry["metadata"],
            json!({
                "event": "letter_sent", "pages": 2, "weight": 0.125, "job_name": "none",
                "carrier": {"name": "post", "tracked": false}, "reason": 5, "status": [7], "code": null,
            })
        );
        let shown = app.as_manager().await.get(&case.url("audit-trail?action_type=other")).await.expect(200);
        assert_eq!(shown["data"][0]["id"], entry["id"]);
        let members = app.as_member().await.get(&case.url("audit-trail")).await.expect(200);
        assert!(
            members["data"].as_array().unwrap().iter().all(|shown| shown["id"] != entry["id"]),
            "it isn't the member's to see"
        );
    }

    async fn an_activity_that_an_entry_cannot_hold_is_refused(app) {
        let by = warehouse(app).await;
        let activity = |metadata: Json| json!({"event": "x", "description": "y", "metadata": metadata});
        let many: serde_json::Map<String, Json> = (0..257).map(|number| (format!("key{number}"), json!(1))).collect();
        let unknown = "01a20725-be30-7584-bca5-f00e655c90d6";
        let mark = app.mark().await;
        for (path, body, pointer) in [
            ("activities", activity(json!({"event": "y"})), "metadata/event"),
            ("activities", activity(json!({"a": {"b": [0.0001]}})), "metadata"),
            ("activities", activity(json!({"a": 9_007_199_254_740_993_u64})), "metadata"),
            ("activities", activity(json!({"a": "x".repeat(40_000)})), "metadata"),
            ("activities", activity(json!({"a".repeat(129): 1})), "metadata"),
            ("activities", activity(json!(many)), "metadata"),
            ("activities", activity(json!([1])), "metadata"),
            ("activities", activity(json!({"a": "nul\0"})), "metadata/a"),
            ("activities", json!({"event": "x", "description": "y", "case_id": unknown}), "case_id"),
            ("activities", json!({"event": "x", "description": " "}), "description"),
            ("audit-accesses", json!({"view_type": "x", "user_id": unknown}), "user_id"),
            ("bulk-exports", json!({"export_type": "x", "format": "csv"}), "record_count"),
            ("report-generations", json!({"report_type": "x y", "row_count": 1}), "report_type"),
            ("email-notifications", json!({"recipient": "nowhere", "delivery_status": "sent"}), "recipient"),
            (
                "email-notifications",
                json!({"recipient": "a@b.c", "delivery_status": "sent", "error_message": "x"}),
                "error_message",
            ),
        ] {
            let answer = by.post(&format!("ingest/{path}"), body).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{pointer}")], "{path}: {}", answer.text);
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_request_body_may_be_up_to_one_mebibyte(app) {
        let by = warehouse(app).await;
        let filler = " ".repeat(900_000);
        let body = |filler: &str| format!("{{\"event\":\"x\",{filler}\"description\":\"y\"}}").into_bytes();
        let send = async |bytes| by.send_raw(reqwest::Method::POST, "ingest/activities", Some(("application/json", bytes))).await;
        send(body(&filler)).await.expect(201);
        send(body(&" ".repeat(1_060_000))).await.expect_problem(413, "payload_too_large");
    }
}
