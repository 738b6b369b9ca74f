//! The caller's own account.

use super::{member, sign_in};
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn users_read_their_own_account_and_permissions(app) {
        let permissions = async |by: crate::app::Client<'_>| by.get("auth/me").await.expect(200)["permissions"].clone();
        assert_eq!(permissions(app.as_member().await).await, json!(["hand_in_cases"]));
        let tech1 = json!(["work_on_cases", "read_users", "manage_members", "read_settings"]);
        assert_eq!(permissions(app.as_tech(1).await).await, tech1);
        assert!(permissions(app.as_tech(2).await).await.as_array().unwrap().contains(&json!("review_cases")));
        let manager = permissions(app.as_manager().await).await;
        assert!(manager.as_array().unwrap().contains(&json!("read_audit_log")));
        assert!(!manager.as_array().unwrap().contains(&json!("manage_users")));
        assert_eq!(permissions(app.as_admin().await).await.as_array().unwrap().len(), 16);
        let service = app.user("service1", Role::Service, None).await;
        assert_eq!(permissions(app.as_user(&service).await).await, json!(["read_audit_log", "read_reports", "ingest"]));
    }

    async fn reading_the_account_writes_no_entry_and_can_be_conditional(app) {
        member(app).await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        let answer = by.get("auth/me").await;
        answer.expect(200);
        assert!(answer.header("etag").starts_with("\"1-"));
        let by = by.with("If-None-Match", answer.header("etag"));
        by.get("auth/me").await.expect(304);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn reading_the_account_takes_three_statements_including_authentication_and_alerts(app) {
        let by = app.as_member().await;
        app.statements();
        by.get("auth/me").await.expect(200);
        assert_eq!(app.statements().len(), 3);
    }

    async fn a_member_edits_their_own_profile_with_one_entry(app) {
        member(app).await;
        sign_in(app, "member1").await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        let edit = json!({"first_name": "Mia", "email": "Mia@Example.org", "phone_number": "312-555-0142"});

        let answer = by.patch("auth/me", edit.clone()).await;

        let account = answer.expect(200);
        assert_eq!((&account["first_name"], &account["email"]), (&json!("Mia"), &json!("mia@example.org")));
        assert_eq!((&account["version"], answer.header("etag").split('-').next()), (&json!(2), Some("\"2")));
        assert_eq!(account["last_login_at"], "2026-12-01T15:00:00.000Z");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["member_profile_updated"]);
        assert_eq!(trail[0]["metadata"]["edit_source"], "self");
        assert_eq!(trail[0]["changes"].as_object().unwrap().len(), 3);

        let mark = app.mark().await;
        assert_eq!(by.patch("auth/me", edit).await.expect(200)["version"], 2);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_profile_edit_of_another_role_is_recorded_as_user_updated(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;
        by.patch("auth/me", json!({"last_name": "Okafor"})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"]);
        assert_eq!(trail[0]["metadata"], json!({"fields": ["last_name"], "edited_by": "manager", "edit_source": "self"}));
    }

    async fn invalid_fields_are_refused_by_name(app) {
        app.as_manager().await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        for (body, pointer) in [
            (json!({"first_name": null}), "body /first_name"),
            (json!({"first_name": "a\u{202E}b"}), "body /first_name"),
            (json!({"last_name": ""}), "body /last_name"),
            (json!({"email": "nowhere"}), "body /email"),
            (json!({"email": "a@\u{202E}gro.elpmaxe [127.0.0.1]"}), "body /email"),
            (json!({"email": "ada@x\r\nBcc: b@example.org[127.0.0.1]"}), "body /email"),
            (json!({"email": "ada@exam\u{AD}ple.org"}), "body /email"),
            (json!({"email": "ada@example\u{200B}.org"}), "body /email"),
            (json!({"email": "a\u{2060}da@example.org"}), "body /email"),
            (json!({"phone_number": "1".repeat(21)}), "body /phone_number"),
            (json!({"workshop_code": null}), "body /workshop_code"),
            (json!({"workshop_code": "W"}), "body /workshop_code"),
            (json!({"role": "administrator"}), "body /role"),
            (json!({"username": "other"}), "body /username"),
        ] {
            let answer = by.patch("auth/me", body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [pointer], "{body}");
        }
        let stale = by.with("If-Match", "\"9\"");
        stale.patch("auth/me", json!({"first_name": "Mia"})).await.expect_problem(412, "version_mismatch");
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_service_account_has_no_profile_to_edit(app) {
        let service = app.user("service1", Role::Service, None).await;
        let by = app.as_user(&service).await;
        let mark = app.mark().await;
        by.patch("auth/me", json!({"first_name": "Bot"})).await.expect_problem(403, "forbidden");
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["user_updated"], &json!("denied")));
    }
}
