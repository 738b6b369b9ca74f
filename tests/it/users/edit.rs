//! Editing a profile.

use super::url;
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn three_fields_of_a_member_in_one_request_are_one_entry(app) {
        let user = app.user("member1", Role::Member, None).await;
        let by = app.as_tech(1).await;
        let mark = app.mark().await;
        let edit = json!({"first_name": "Mia", "email": "mia@example.org", "phone_number": "312-555-0142"});

        let answer = by.patch(&url(&user, ""), edit.clone()).await;

        assert_eq!((&answer.expect(200)["version"], answer.header("etag").split('-').next()), (&json!(2), Some("\"2")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["member_profile_updated"]);
        assert_eq!(trail[0]["changes"], json!({
            "first_name": {"from": "Ada", "to": "Mia"},
            "email": {"from": "member1@example.org", "to": "mia@example.org"},
            "phone_number": {"from": null, "to": "312-555-0142"},
        }));
        assert_eq!(trail[0]["metadata"], json!({
            "fields": ["email", "first_name", "phone_number"], "edited_by": "tech1", "edit_source": "staff",
        }));
        assert_eq!(trail[0]["related_user"]["id"], json!(user.id));

        let mark = app.mark().await;
        assert_eq!(by.patch(&url(&user, ""), edit).await.expect(200)["version"], 2);
        assert_eq!(app.since(&mark).await.len(), 0, "the same request again leaves nothing");

        let admin = app.as_admin().await;
        let mark = app.mark().await;
        let promote = json!({"role": "technician", "user_level": "level_2", "reason": "joins the technicians"});
        admin.post(&url(&user, "role"), promote).await.expect(200);
        assert_eq!(actions(&app.since(&mark).await), ["user_role_changed"]);
    }

    async fn null_clears_optional_fields_and_is_refused_for_others(app) {
        let user = app.user("member1", Role::Member, None).await;
        let by = app.as_admin().await;
        by.patch(&url(&user, ""), json!({"phone_number": "1"})).await.expect(200);
        assert_eq!(by.patch(&url(&user, ""), json!({"phone_number": null})).await.expect(200)["phone_number"], json!(null));
        for field in ["first_name", "email", "workshop_code"] {
            let answer = by.patch(&url(&user, ""), json!({field: null})).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [format!("body /{field}")]);
        }
    }

    async fn only_members_have_a_workshop(app) {
        let manager = app.user("manager", Role::Manager, None).await;
        let member = app.user("member1", Role::Member, None).await;
        let by = app.as_admin().await;
        let answer = by.patch(&url(&manager, ""), json!({"workshop_code": "ws9"})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.faults(), ["body /workshop_code"]);
        assert_eq!(by.patch(&url(&member, ""), json!({"workshop_code": "ws9"})).await.expect(200)["workshop_code"], "WS9");
    }

    async fn hidden_or_forbidden_users_cannot_be_edited_and_the_attempt_is_recorded(app) {
        let admin = app.user("admin", Role::Administrator, None).await;
        let other = app.user("member2", Role::Member, None).await;
        let (member, technician, manager) = (app.as_member().await, app.as_tech(1).await, app.as_manager().await);
        let mark = app.mark().await;
        let edit = json!({"first_name": "Mia"});
        member.patch(&url(&other, ""), edit.clone()).await.expect_problem(404, "not_found");
        technician.patch(&url(&admin, ""), edit.clone()).await.expect_problem(404, "not_found");
        manager.patch(&url(&other, ""), edit.clone()).await.expect_problem(403, "forbidden");
        member.patch("users/not-an-id", edit.clone()).await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["member_profile_updated"; 4]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied" && entry["object_type"] == "user"));
        assert_eq!(trail[2]["metadata"], json!({"operation": "edit_user", "code": "forbidden"}));

        let own = format!("users/{}", manager.id());
        manager.patch(&own, edit).await.expect(200);
    }

    async fn the_checks_are_made_in_a_fixed_order(app) {
        let user = app.user("member1", Role::Member, None).await;
        app.user("member2", Role::Member, None).await;
        let stale = app.as_admin().await.with("If-Match", "\"9\"");
        stale.patch(&url(&user, ""), json!({"first_name": ""})).await.expect_problem(422, "validation_failed");
        let absent = "users/01a20725-be30-7584-bca5-f00e655c90d6";
        stale.patch(absent, json!({"first_name": ""})).await.expect_problem(422, "validation_failed");
        stale.patch(absent, json!({"first_name": "Mia"})).await.expect_problem(404, "not_found");
        let taken = json!({"email": "member2@example.org"});
        let problem = stale.patch(&url(&user, ""), taken.clone()).await.expect_problem(412, "version_mismatch");
        assert_eq!(problem["current_version"], 1);
        let fresh = app.as_admin().await.with("If-Match", "\"1\"");
        fresh.patch(&url(&user, ""), taken).await.expect_problem(409, "duplicate_email");
        fresh.patch(&url(&user, ""), json!({"first_name": "Mia"})).await.expect(200);
    }
}
