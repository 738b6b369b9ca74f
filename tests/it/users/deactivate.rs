//! Deactivating and reactivating.

use super::url;
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn a_technician_can_deactivate_and_reactivate_a_member(app) {
        let user = app.user("member1", Role::Member, None).await;
        let their_client = app.as_user(&user).await;
        let by = app.as_tech(1).await;
        let mark = app.mark().await;

        let deactivated = by.post(&url(&user, "deactivate"), json!({"reason": "on leave"})).await.expect(200);
        by.post(&url(&user, "deactivate"), json!({"reason": "on leave"})).await.expect(200);

        assert_eq!((&deactivated["is_active"], &deactivated["version"]), (&json!(false), &json!(2)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"]);
        assert_eq!(trail[0]["changes"], json!({"is_active": {"from": true, "to": false}}));
        assert_eq!(trail[0]["metadata"], json!({"event": "deactivated", "reason": "on leave"}));
        their_client.get("auth/me").await.expect_problem(401, "unauthorized");

        let mark = app.mark().await;
        let back = by.post(&url(&user, "reactivate"), json!({"reason": "back"})).await.expect(200);
        assert_eq!((&back["is_active"], &back["version"]), (&json!(true), &json!(3)));
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["metadata"]["event"]), (vec!["user_updated"], &json!("reactivated")));
        their_client.get("auth/me").await.expect_problem(401, "unauthorized");
    }

    async fn a_user_with_open_cases_cannot_be_deactivated(app) {
        let user = app.tech(2).await;
        let case = app.a_case().accepted().assigned_to(&user).create().await;
        let by = app.as_admin().await;
        let problem = by.post(&url(&user, "deactivate"), json!({"reason": "a"})).await.expect_problem(409, "open_cases");
        assert_eq!(problem["open_cases"], 1);
        assert_eq!(case.case.assigned_to_id, Some(user.id));
    }

    async fn a_member_with_open_cases_of_their_own_can_be_deactivated(app) {
        let user = app.user("member1", Role::Member, None).await;
        let case = app.a_case().submitted().create().await;
        let by = app.as_tech(1).await;
        by.post(&url(&user, "deactivate"), json!({"reason": "on leave"})).await.expect(200);
        assert_eq!(app.as_manager().await.get(&case.path()).await.expect(200)["member"]["username"], "member1");
    }

    async fn users_cannot_deactivate_themselves(app) {
        let by = app.as_admin().await;
        let own = by.user.clone().unwrap();
        app.user("admin2", Role::Administrator, None).await;
        by.post(&url(&own, "deactivate"), json!({"reason": "a"})).await.expect_problem(409, "own_account");
    }

    async fn a_caller_who_may_not_deactivate_a_user_is_refused_and_recorded(app) {
        let member = app.user("member1", Role::Member, None).await;
        let by = app.as_tech(1).await;
        let own = by.user.clone().unwrap();
        let manager = app.as_manager().await;
        let mark = app.mark().await;
        by.post(&url(&own, "deactivate"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
        manager.post(&url(&member, "deactivate"), json!({"reason": "a"})).await.expect_problem(403, "forbidden");
        let theirs = format!("users/{}/deactivate", manager.id());
        by.post(&theirs, json!({"reason": "a"})).await.expect_problem(404, "not_found");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"; 3]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
    }
}
