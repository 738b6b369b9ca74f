//! Signing out.

use super::{member, sign_in, text};
use crate::app::actions;
use chrono::TimeDelta;
use serde_json::json;

on_each_database! {
    async fn signing_out_ends_the_session_and_records_its_duration(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        app.pass(TimeDelta::minutes(5));
        let mark = app.mark().await;
        let body = json!({"refresh_token": text(&pair, "refresh_token")});

        app.as_anonymous().post("auth/logout", body.clone()).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["logout"]);
        assert_eq!(trail[0]["metadata"], json!({"session_id": trail[0]["object_id"], "session_duration_seconds": 300}));
        assert_eq!((&trail[0]["outcome"], &trail[0]["actor"]["username"]), (&json!("success"), &json!("member1")));
        app.with_token(text(&pair, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        app.as_anonymous().post("auth/refresh", body).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn signing_out_twice_is_recorded_once(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        let body = json!({"refresh_token": text(&pair, "refresh_token")});
        let mark = app.mark().await;
        for _ in 0..2 {
            app.as_anonymous().post("auth/logout", body.clone()).await.expect(204);
        }
        assert_eq!(actions(&app.since(&mark).await), ["logout"]);
    }

    async fn signing_out_with_a_used_token_is_refused_and_ends_the_session(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        let body = json!({"refresh_token": text(&first, "refresh_token")});
        let second = app.as_anonymous().post("auth/refresh", body.clone()).await.expect(200);
        app.pass(TimeDelta::seconds(11));
        let mark = app.mark().await;

        app.as_anonymous().post("auth/logout", body).await.expect_problem(401, "invalid_refresh_token");

        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["login"], &json!("denied")));
        app.with_token(text(&second, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
    }
}
