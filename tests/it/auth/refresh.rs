//! Going on with a session.

use super::{PASSWORD, member, sign_in, text};
use crate::app::{TestApp, actions};
use chrono::TimeDelta;
use serde_json::{Value as Json, json};

async fn refresh(app: &TestApp, pair: &Json) -> crate::app::Answer {
    app.as_nobody().post("auth/refresh", json!({"refresh_token": text(pair, "refresh_token")})).await
}

on_each_database! {
    async fn a_refresh_token_is_exchanged_for_the_next_two_and_leaves_no_entry(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        let mark = app.mark().await;

        let second = refresh(app, &first).await.expect(200);
        let third = refresh(app, &second).await.expect(200);

        assert!(first["refresh_token"] != second["refresh_token"] && second["refresh_token"] != third["refresh_token"]);
        app.with_token(text(&third, "access_token")).get("auth/me").await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_used_token_ends_the_whole_session_and_is_recorded(app) {
        let user = member(app).await;
        let stolen = sign_in(app, "member1").await;
        let other = sign_in(app, "member1").await;
        let owners = refresh(app, &stolen).await.expect(200);
        let mark = app.mark().await;

        refresh(app, &stolen).await.expect_problem(401, "invalid_refresh_token");

        refresh(app, &owners).await.expect_problem(401, "invalid_refresh_token");
        app.with_token(text(&owners, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        app.with_token(text(&other, "access_token")).get("auth/me").await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"]);
        assert_eq!((&trail[0]["outcome"], &trail[0]["metadata"]["event"]), (&json!("denied"), &json!("refresh_reuse")));
        assert_eq!((&trail[0]["actor_type"], &trail[0]["related_user"]["id"]), (&json!("anonymous"), &json!(user.id)));
    }

    async fn of_many_who_present_one_token_exactly_one_wins(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;

        let answers = futures_util::future::join_all((0..8).map(|_| refresh(app, &pair))).await;

        let won = answers.iter().filter(|answer| answer.status() == 200).count();
        let lost = answers.iter().filter(|answer| answer.status() == 401).count();
        assert_eq!((won, lost), (1, 7));
        let winner = answers.iter().find(|answer| answer.status() == 200).unwrap().json();
        refresh(app, &winner).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn a_session_ends_when_it_is_idle_for_a_day(app) {
        member(app).await;
        let mut pair = sign_in(app, "member1").await;
        app.pass(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
        pair = refresh(app, &pair).await.expect(200);
        app.pass(TimeDelta::hours(24));
        refresh(app, &pair).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn a_session_ends_after_thirty_days_however_often_it_is_refreshed(app) {
        member(app).await;
        let mut pair = sign_in(app, "member1").await;
        for _ in 0..59 {
            app.pass(TimeDelta::hours(12));
            pair = refresh(app, &pair).await.expect(200);
        }
        app.pass(TimeDelta::hours(12));
        refresh(app, &pair).await.expect_problem(401, "invalid_refresh_token");
        app.with_token(text(&pair, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
    }

    async fn a_deactivated_user_cannot_go_on(app) {
        let user = member(app).await;
        let pair = sign_in(app, "member1").await;
        let admin = app.as_admin().await;
        admin.post(&format!("users/{}/deactivate", user.id), json!({"reason": "on leave"})).await.expect(200);

        refresh(app, &pair).await.expect_problem(401, "invalid_refresh_token");
        app.with_token(text(&pair, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        let body = json!({"username": "member1", "password": PASSWORD});
        app.as_nobody().post("auth/login", body).await.expect_problem(401, "invalid_credentials");
        app.pass(TimeDelta::seconds(1));

        admin.post(&format!("users/{}/reactivate", user.id), json!({"reason": "back"})).await.expect(200);
        refresh(app, &pair).await.expect_problem(401, "invalid_refresh_token");
        sign_in(app, "member1").await;
    }

    async fn an_unknown_token_is_recorded_as_a_failed_sign_in(app) {
        let token = "mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk";
        let mark = app.mark().await;
        for operation in ["auth/refresh", "auth/logout"] {
            let answer = app.as_nobody().post(operation, json!({"refresh_token": token})).await;
            answer.expect_problem(401, "invalid_refresh_token");
            app.pass(TimeDelta::seconds(1));
        }
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"; 2]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "failure" && entry["actor_type"] == "anonymous"));
        assert!(trail.iter().all(|entry| entry["metadata"] == json!({"event": "unknown_refresh_token"})), "{trail:#?}");
        assert!(!json!(trail).to_string().contains(token));
    }
}
