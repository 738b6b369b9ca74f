//! Reading and changing the settings.

use crate::app::actions;
use entity::user::Role;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn one_entry_records_every_changed_setting(app) {
        let by = app.as_admin().await;
        let before = by.get("settings").await.expect(200);
        let mark = app.mark().await;

        let body = json!({"default_case_due_days": 10, "reply_email_address": "desk@example.org", "own_activity_enabled": true});
        let answer = by.patch("settings", body).await;

        let after = answer.expect(200);
        assert!(answer.header("etag").starts_with(&format!("\"{}-", before["version"].as_i64().unwrap() + 1)));
        assert_eq!((&after["default_case_due_days"], &after["reply_email_address"]), (&json!(10), &json!("desk@example.org")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["settings_updated"]);
        assert_eq!(trail[0]["changes"], json!({
            "default_case_due_days": {"from": 7, "to": 10},
            "reply_email_address": {"from": null, "to": "desk@example.org"},
        }));
        assert_eq!(trail[0]["metadata"], json!({"fields": ["default_case_due_days", "reply_email_address"]}));
        assert_eq!((&trail[0]["object_type"], &trail[0]["actor"]["username"]), (&json!("settings"), &json!("admin")));
        assert_eq!(by.get("settings").await.expect(200), after);
    }

    async fn an_edit_without_changes_writes_no_entry(app) {
        let by = app.as_admin().await;
        let before = by.get("settings").await.expect(200);
        let mark = app.mark().await;

        let same = json!({"time_zone": "America/Chicago", "reply_email_address": null});
        assert_eq!(by.patch("settings", same).await.expect(200), before);
        assert_eq!(by.patch("settings", json!({})).await.expect(200), before);

        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_bad_setting_is_named_and_nothing_is_changed(app) {
        let by = app.as_admin().await;
        let before = by.get("settings").await.expect(200);
        let mark = app.mark().await;
        for (field, value) in [
            ("default_case_due_days", json!(0)),
            ("rush_case_threshold_days", json!(91)),
            ("default_completion_delay_hours", json!(25)),
            ("default_email_delay_hours", json!(-1)),
            ("default_quarterly_credits", json!(10001)),
            ("default_quarterly_credits", json!(0.5)),
            ("reply_email_address", json!("no-address")),
            ("time_zone", json!("Mars/Olympus")),
            ("time_zone", json!(null)),
            ("own_activity_enabled", json!("yes")),
            ("colour", json!("green")),
        ] {
            let answer = by.patch("settings", json!({"default_case_due_days": 10, field: value})).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{field}")], "{value}");
        }
        assert_eq!(by.get("settings").await.expect(200), before);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn only_administrators_edit_the_settings_and_only_staff_read_them(app) {
        let body = json!({"default_case_due_days": 10});
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        let mark = app.mark().await;

        manager.patch("settings", body.clone()).await.expect_problem(403, "forbidden");
        member.get("settings").await.expect_problem(403, "forbidden");
        manager.get("settings").await.expect(200);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["settings_updated", "other"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
        let service = app.user("service1", Role::Service, None).await;
        app.as_user(&service).await.get("settings").await.expect_problem(403, "forbidden");
    }

    async fn the_second_of_two_edits_of_the_same_version_is_refused(app) {
        let by = app.as_admin().await;
        let seen = by.get("settings").await;
        let tag = seen.header("etag").to_owned();
        by.patch("settings", json!({"default_quarterly_credits": 50})).await.expect(200);

        let late = app.as_admin().await.with("If-Match", &tag);
        late.patch("settings", json!({"default_quarterly_credits": 60})).await.expect_problem(412, "version_mismatch");
        by.get("settings").await.expect(200);
    }

    async fn changed_settings_take_effect_at_once(app) {
        let (admin, member) = (app.as_admin().await, app.as_member().await);
        let new = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        admin.patch("settings", json!({"default_case_due_days": 30, "rush_case_threshold_days": 3})).await.expect(200);
        let case = member.post("cases", new.clone()).await.expect(201);
        assert_eq!(case["due_on"], "2026-12-31");
        let submit = |case: &Json| format!("cases/{}/submit", case["id"].as_str().unwrap());
        assert_eq!(member.post(&submit(&case), json!({})).await.expect(200)["urgency"], "normal");

        // Nine in the morning in Chicago is past midnight in Tokyo.
        admin.patch("settings", json!({"time_zone": "Asia/Tokyo", "rush_case_threshold_days": 40})).await.expect(200);
        let case = member.post("cases", new).await.expect(201);
        assert_eq!(case["due_on"], "2027-01-01");
        member.post(&submit(&case), json!({})).await.expect_problem(409, "rush_confirmation_required");
    }
}
