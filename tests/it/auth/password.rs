//! Changing the caller's own password.

use super::{PASSWORD, member, sign_in, text};
use crate::app::actions;
use entity::user::Role;
use serde_json::json;

const NEW: &str = "thirteen blue bottles";

on_each_database! {
    async fn changing_the_password_ends_the_other_sessions_and_writes_one_entry(app) {
        let user = member(app).await;
        let (here, elsewhere) = (sign_in(app, "member1").await, sign_in(app, "member1").await);
        let by = app.with_token(text(&here, "access_token"));
        let mark = app.mark().await;

        by.post("auth/me/password", json!({"current_password": PASSWORD, "new_password": NEW})).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["user_updated"]);
        assert_eq!((&trail[0]["metadata"], &trail[0]["changes"]), (&json!({"event": "password_changed"}), &json!({})));
        assert_eq!(trail[0]["object_id"], json!(user.id));
        by.get("auth/me").await.expect(200);
        app.with_token(text(&elsewhere, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        let old = json!({"username": "member1", "password": PASSWORD});
        app.as_anonymous().post("auth/login", old).await.expect_problem(401, "invalid_credentials");
        app.pass(chrono::TimeDelta::seconds(1));
        app.as_anonymous().post("auth/login", json!({"username": "member1", "password": NEW})).await.expect(200);
    }

    async fn a_wrong_current_password_is_refused_and_recorded(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        let by = app.with_token(text(&pair, "access_token"));
        let mark = app.mark().await;

        let body = json!({"current_password": "not this one", "new_password": NEW});
        by.post("auth/me/password", body).await.expect_problem(403, "wrong_password");

        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["user_updated"], &json!("denied")));
        assert_eq!(trail[0]["metadata"], json!({"operation": "change_own_password", "code": "wrong_password"}));
        app.pass(chrono::TimeDelta::seconds(1));
        sign_in(app, "member1").await;
    }

    async fn a_password_that_is_easily_guessed_is_refused(app) {
        let long = app.user("a-long-username", Role::Manager, None).await;
        app.give_password(&long, PASSWORD).await;
        let by = app.as_user(&long).await;
        let mark = app.mark().await;
        for new_password in ["too short", "Password123", "1234567890", "A-Long-Username", &"a".repeat(129)] {
            let body = json!({"current_password": PASSWORD, "new_password": new_password});
            let answer = by.post("auth/me/password", body).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), ["body /new_password"], "{new_password}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
