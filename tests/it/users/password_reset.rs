//! Resetting another user's password.

use super::url;
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

const NEW: &str = "thirteen blue bottles";

on_each_database! {
    async fn a_reset_ends_the_sessions_and_leaves_one_entry(app) {
        let user = app.user("member1", Role::Member, None).await;
        app.give_password(&user, "eleven green bottles").await;
        let their_client = app.as_user(&user).await;
        let by = app.as_tech(1).await;
        let mark = app.mark().await;

        by.post(&url(&user, "password-reset"), json!({"new_password": NEW})).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"]);
        assert_eq!((&trail[0]["metadata"], &trail[0]["changes"]), (&json!({"event": "password_reset"}), &json!({})));
        assert_eq!((&trail[0]["actor"]["username"], &trail[0]["related_user"]["id"]), (&json!("tech1"), &json!(user.id)));
        their_client.get("auth/me").await.expect_problem(401, "unauthorized");
        app.as_anonymous().post("auth/login", json!({"username": "member1", "password": NEW})).await.expect(200);
    }

    async fn a_reset_is_refused_for_the_caller_for_service_accounts_and_for_weak_passwords(app) {
        let by = app.as_admin().await;
        let own = by.user.clone().unwrap();
        let service = app.user("service1", Role::Service, None).await;
        let member = app.user("member1", Role::Member, None).await;
        let long = app.user("a-long-username", Role::Manager, None).await;
        let mark = app.mark().await;
        let body = json!({"new_password": NEW});
        by.post(&url(&own, "password-reset"), body.clone()).await.expect_problem(409, "own_account");
        by.post(&url(&service, "password-reset"), body.clone()).await.expect_problem(409, "no_password");
        for (user, new_password) in [(&member, "short"), (&member, "qwertyuiop"), (&long, "a-long-username")] {
            let answer = by.post(&url(user, "password-reset"), json!({"new_password": new_password})).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), ["body /new_password"]);
        }
        assert_eq!(app.since(&mark).await.len(), 0);
        app.as_tech(1).await.post(&url(&long, "password-reset"), body.clone()).await.expect_problem(404, "not_found");
        app.as_manager().await.post(&url(&member, "password-reset"), body).await.expect_problem(403, "forbidden");
    }
}
