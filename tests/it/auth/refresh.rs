//! Refreshing a session.

use super::{PASSWORD, member, sign_in, text};
use crate::app::{TestApp, actions};
use chrono::TimeDelta;
use serde_json::{Value as Json, json};

async fn refresh(app: &TestApp, pair: &Json) -> crate::app::Answer {
    app.as_anonymous().post("auth/refresh", json!({"refresh_token": text(pair, "refresh_token")})).await
}

on_each_database! {
    async fn a_refresh_token_is_exchanged_for_a_new_pair_without_an_entry(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        let mark = app.mark().await;

        let second = refresh(app, &first).await.expect(200);
        let third = refresh(app, &second).await.expect(200);

        assert!(first["refresh_token"] != second["refresh_token"] && second["refresh_token"] != third["refresh_token"]);
        app.with_token(text(&third, "access_token")).get("auth/me").await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn reuse_of_a_refresh_token_ends_the_session_and_is_recorded(app) {
        let user = member(app).await;
        let stolen = sign_in(app, "member1").await;
        let other = sign_in(app, "member1").await;
        let owners = refresh(app, &stolen).await.expect(200);
        app.pass(TimeDelta::milliseconds(10_001));
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

    async fn a_refresh_whose_response_was_lost_can_be_repeated_for_ten_seconds(app) {
        let user = member(app).await;
        let first = sign_in(app, "member1").await;
        let lost = refresh(app, &first).await.expect(200);
        app.pass(TimeDelta::seconds(10));
        let mark = app.mark().await;

        let repeated = refresh(app, &first).await.expect(200);

        assert_ne!(lost["refresh_token"], repeated["refresh_token"]);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"]);
        assert_eq!((&trail[0]["outcome"], &trail[0]["metadata"]["event"]), (&json!("success"), &json!("refresh_grace")));
        assert_eq!((&trail[0]["actor"]["id"], &trail[0]["object_type"]), (&json!(user.id), &json!("session")));
        let mark = app.mark().await;
        let next = refresh(app, &repeated).await.expect(200);
        app.with_token(text(&next, "access_token")).get("auth/me").await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn concurrent_refreshes_with_one_token_all_succeed(app) {
        member(app).await;
        let pair = sign_in(app, "member1").await;
        let mark = app.mark().await;

        let answers = futures_util::future::join_all((0..16).map(|_| refresh(app, &pair))).await;

        let pairs: Vec<Json> = answers.into_iter().map(|answer| answer.expect(200)).collect();
        let mut tokens: Vec<&str> = pairs.iter().map(|pair| text(pair, "refresh_token")).collect();
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), 16);
        let trail = app.since(&mark).await;
        assert_eq!(trail.iter().filter(|entry| entry["metadata"]["event"] == "refresh_grace").count(), 15);
        assert_eq!(trail.len(), 15);
        // Each tab continues with its own tokens, independent of the others, and all of them belong to one session.
        app.pass(TimeDelta::minutes(5));
        for pair in &pairs {
            let next = refresh(app, pair).await.expect(200);
            app.with_token(text(&next, "access_token")).get("auth/me").await.expect(200);
        }
        let body = json!({"refresh_token": text(&pairs[3], "refresh_token")});
        app.as_anonymous().post("auth/logout", body).await;
        for pair in &pairs {
            app.with_token(text(pair, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        }
    }

    async fn a_token_two_generations_old_is_refused(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        let second = refresh(app, &first).await.expect(200);
        let third = refresh(app, &second).await.expect(200);
        let mark = app.mark().await;

        refresh(app, &first).await.expect_problem(401, "invalid_refresh_token");

        let trail = app.since(&mark).await;
        assert_eq!((&trail[0]["outcome"], &trail[0]["metadata"]["event"]), (&json!("denied"), &json!("refresh_reuse")));
        refresh(app, &third).await.expect_problem(401, "invalid_refresh_token");
        app.with_token(text(&third, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
    }

    async fn the_ten_seconds_begin_with_the_first_exchange(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        refresh(app, &first).await.expect(200);
        app.pass(TimeDelta::seconds(6));
        let second = refresh(app, &first).await.expect(200);
        app.pass(TimeDelta::seconds(6));
        refresh(app, &first).await.expect_problem(401, "invalid_refresh_token");
        refresh(app, &second).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn an_ended_session_cannot_be_refreshed(app) {
        let user = member(app).await;
        let admin = app.as_admin().await;
        for way in ["logout", "password-reset", "deactivate"] {
            let first = sign_in(app, "member1").await;
            let second = refresh(app, &first).await.expect(200);
            let place = format!("users/{}/{way}", user.id);
            match way {
                "logout" => {
                    let body = json!({"refresh_token": text(&second, "refresh_token")});
                    app.as_anonymous().post("auth/logout", body).await.expect(204)
                }
                "deactivate" => admin.post(&place, json!({"reason": "on leave"})).await.expect(200),
                _ => admin.post(&place, json!({"new_password": PASSWORD})).await.expect(204),
            };
            let mark = app.mark().await;
            refresh(app, &first).await.expect_problem(401, "invalid_refresh_token");
            refresh(app, &second).await.expect_problem(401, "invalid_refresh_token");
            let trail = app.since(&mark).await;
            assert!(trail.iter().all(|entry| entry["outcome"] == "denied"), "{way}: {trail:?}");
            assert!(trail.iter().all(|entry| entry["metadata"]["event"] != "refresh_reuse"), "{way}: {trail:?}");
        }
    }

    async fn an_account_changed_by_a_host_whose_clock_is_ahead_can_be_used_at_once(app) {
        let user = member(app).await;
        app.pass(TimeDelta::hours(1));
        let path = format!("users/{}", user.id);
        app.as_admin().await.patch(&path, json!({"first_name": "Mia"})).await.expect(200);
        app.pass(-TimeDelta::hours(1));
        let first = sign_in(app, "member1").await;
        app.with_token(text(&first, "access_token")).get("auth/me").await.expect(200);
        let second = refresh(app, &first).await.expect(200);
        app.with_token(text(&second, "access_token")).get("auth/me").await.expect(200);
    }

    async fn a_client_whose_refresh_response_was_lost_can_sign_out(app) {
        member(app).await;
        let first = sign_in(app, "member1").await;
        let lost = refresh(app, &first).await.expect(200);
        let mark = app.mark().await;

        let body = json!({"refresh_token": text(&first, "refresh_token")});
        app.as_anonymous().post("auth/logout", body).await.expect(204);

        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["logout"], &json!("success")));
        app.with_token(text(&lost, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
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

    async fn a_deactivated_user_can_neither_refresh_nor_sign_in(app) {
        let user = member(app).await;
        let pair = sign_in(app, "member1").await;
        let admin = app.as_admin().await;
        admin.post(&format!("users/{}/deactivate", user.id), json!({"reason": "on leave"})).await.expect(200);

        refresh(app, &pair).await.expect_problem(401, "invalid_refresh_token");
        app.with_token(text(&pair, "access_token")).get("auth/me").await.expect_problem(401, "unauthorized");
        let body = json!({"username": "member1", "password": PASSWORD});
        app.as_anonymous().post("auth/login", body).await.expect_problem(401, "invalid_credentials");
        app.pass(TimeDelta::seconds(1));

        admin.post(&format!("users/{}/reactivate", user.id), json!({"reason": "back"})).await.expect(200);
        refresh(app, &pair).await.expect_problem(401, "invalid_refresh_token");
        sign_in(app, "member1").await;
    }

    async fn an_unknown_token_is_recorded_as_a_failed_sign_in(app) {
        let token = "mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk";
        let mark = app.mark().await;
        for operation in ["auth/refresh", "auth/logout"] {
            let answer = app.as_anonymous().post(operation, json!({"refresh_token": token})).await;
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
