//! Deleting a user.

use super::url;
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn a_deleted_user_is_not_found_and_the_log_still_names_them(app) {
        let user = app.user("member1", Role::Member, None).await;
        let their_client = app.as_user(&user).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;

        by.delete(&format!("{}?reason=left%20the%20company", url(&user, ""))).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_deleted"]);
        assert_eq!(trail[0]["metadata"], json!({
            "role": "member", "email": "member1@example.org", "username": "member1", "full_name": "Ada member1",
            "reason": "left the company",
        }));
        assert_eq!(trail[0]["changes"]["is_active"], json!({"from": true, "to": false}));
        their_client.get("auth/me").await.expect_problem(401, "unauthorized");
        by.get(&url(&user, "")).await.expect_problem(404, "not_found");
        by.delete(&format!("{}?reason=again", url(&user, ""))).await.expect_problem(404, "not_found");
        by.patch(&url(&user, ""), json!({"first_name": "Mia"})).await.expect_problem(404, "not_found");
    }

    async fn a_member_whose_cases_are_completed_or_deleted_can_be_deleted(app) {
        let (member, by) = (app.user("member1", Role::Member, None).await, app.as_admin().await);
        let (draft, done) = (app.a_case().create().await, app.a_case().completed().create().await);
        by.delete(&format!("{}?reason=twice", draft.path())).await.expect(204);
        by.delete(&format!("{}?reason=left", url(&member, ""))).await.expect(204);
        assert_eq!(by.get(&done.path()).await.expect(200)["member"]["username"], "member1");
    }

    async fn deleting_a_user_needs_a_reason(app) {
        let user = app.user("member1", Role::Member, None).await;
        let by = app.as_admin().await;
        for query in ["", "?reason=", "?reason=a&why=b"] {
            by.delete(&format!("{}{query}", url(&user, ""))).await.expect_problem(400, "invalid_parameter");
        }
    }

    async fn the_caller_and_users_with_open_cases_cannot_be_deleted(app) {
        let by = app.as_admin().await;
        let own = by.user.clone().unwrap();
        let technician = app.tech(2).await;
        app.a_case().accepted().assigned_to(&technician).create().await;
        let mark = app.mark().await;
        by.delete(&format!("{}?reason=a", url(&own, ""))).await.expect_problem(409, "own_account");
        by.delete(&format!("{}?reason=a", url(&technician, ""))).await.expect_problem(409, "open_cases");
        assert_eq!(app.since(&mark).await.len(), 0);
        let member = app.user("member1", Role::Member, None).await;
        app.a_case().create().await;
        let mark = app.mark().await;
        let problem = by.delete(&format!("{}?reason=a", url(&member, ""))).await.expect_problem(409, "open_cases");
        assert!(problem["detail"].as_str().unwrap().contains("2 open cases of their own"), "{problem}");
        assert_eq!(app.since(&mark).await.len(), 0);
        let stale = app.as_admin().await.with("If-Match", "\"9\"");
        stale.delete(&format!("{}?reason=a", url(&technician, ""))).await.expect_problem(412, "version_mismatch");
        app.as_tech(1).await.delete(&format!("{}?reason=a", url(&technician, ""))).await.expect_problem(403, "forbidden");
    }
}
