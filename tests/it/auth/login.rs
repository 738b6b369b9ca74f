//! Signing in.

use super::{PASSWORD, member, sign_in, text};
use crate::app::actions;
use entity::user::{Role, credential};
use sea_orm::EntityTrait;
use serde_json::json;

on_each_database! {
    async fn signing_in_starts_a_session_and_is_recorded(app) {
        let user = member(app).await;
        let mark = app.mark().await;
        let anonymous = app.as_anonymous().with("User-Agent", "a browser");

        let answer = anonymous.post("auth/login", json!({"username": "Member1", "password": PASSWORD})).await;

        let pair = answer.expect(200);
        assert_eq!((&pair["token_type"], &pair["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert_eq!((&pair["user"]["username"], &pair["user"]["permissions"]), (&json!("member1"), &json!(["hand_in_cases"])));
        assert_eq!(pair["user"]["last_login_at"], "2026-12-01T15:00:00.000Z");
        assert_eq!(text(&pair, "refresh_token").len(), 43);
        assert_eq!(answer.header("cache-control"), "no-store");
        app.with_token(text(&pair, "access_token")).get("auth/me").await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"]);
        let session = &trail[0]["object_id"];
        assert_eq!((&trail[0]["outcome"], &trail[0]["actor"]["username"]), (&json!("success"), &json!("member1")));
        assert_eq!(trail[0]["metadata"], json!({"user_agent": "a browser", "session_id": session}));
        assert_eq!(trail[0]["changes"], json!({}));
        assert_eq!(user.version, 1, "a sign-in is no change of the account");
    }

    async fn every_failure_gets_the_same_response_and_only_the_audit_log_has_the_cause(app) {
        let user = member(app).await;
        let inactive = app.user("away", Role::Manager, None).await;
        app.give_password(&inactive, PASSWORD).await;
        let admin = app.as_admin().await;
        admin.post(&format!("users/{}/deactivate", inactive.id), json!({"reason": "on leave"})).await.expect(200);
        let gone = app.user("gone", Role::Manager, None).await;
        app.give_password(&gone, PASSWORD).await;
        admin.delete(&format!("users/{}?reason=left", gone.id)).await.expect(204);
        app.user("service1", Role::Service, None).await;
        let mark = app.mark().await;

        let mut details = Vec::new();
        for (username, password) in [
            ("member1", "not this one"),
            ("no-such-user", PASSWORD),
            ("away", PASSWORD),
            ("gone", PASSWORD),
            ("service1", PASSWORD),
        ] {
            let answer = app.as_anonymous().post("auth/login", json!({"username": username, "password": password})).await;
            let mut problem = answer.expect_problem(401, "invalid_credentials");
            problem["request_id"].take();
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            details.push(problem);
        }

        assert!(details.windows(2).all(|pair| pair[0] == pair[1]), "{details:#?}");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["login"; 5]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "failure" && entry["actor"].is_null()));
        assert!(trail.iter().all(|entry| entry["actor_type"] == "anonymous"));
        let events: Vec<_> = trail.iter().map(|entry| entry["metadata"]["event"].clone()).collect();
        assert_eq!(events, ["wrong_password", "unknown_username", "inactive", "deleted", "wrong_password"]);
        assert_eq!(trail[0]["related_user"]["id"], json!(user.id));
        assert!(trail[1]["related_user"].is_null());
        assert!(!trail[1].to_string().contains("no-such-user"), "what was typed as a name may be a password");
    }

    async fn an_unknown_name_costs_the_same_statements_as_a_wrong_password(app) {
        member(app).await;
        let mut costs = Vec::new();
        for username in ["member1", "no-such-user"] {
            app.statements();
            app.as_anonymous().post("auth/login", json!({"username": username, "password": "not this one"})).await.expect(401);
            costs.push(app.statements());
        }
        assert_eq!(costs[0], costs[1]);
    }

    async fn failures_beyond_twenty_in_a_minute_are_only_counted(app) {
        let mark = app.mark().await;
        let fail = async |number: u32| {
            let body = json!({"username": format!("unknown-{number}"), "password": "not this one"});
            app.as_anonymous().post("auth/login", body).await.expect_problem(401, "invalid_credentials");
        };
        for number in 0..23 {
            fail(number).await;
        }
        assert_eq!(app.since(&mark).await.len(), 20);

        app.pass(chrono::TimeDelta::minutes(1));
        fail(23).await;

        let trail = app.since(&mark).await;
        assert_eq!(trail.len(), 21);
        assert_eq!(trail[20]["metadata"]["folded_count"], 3);
    }

    async fn an_outdated_hash_is_replaced_at_sign_in(app) {
        use api::credentials::password::{Cost, hash};
        let user = member(app).await;
        let old = hash(Cost { memory_kib: 32, rounds: 1 }, PASSWORD).unwrap();
        let tx = app.write().await;
        credential::set(&tx, user.id, Some(old.clone())).await.unwrap();
        tx.commit().await.unwrap();

        sign_in(app, "member1").await;

        let stored = credential::Entity::find_by_id(user.id).one(&app.outside).await.unwrap().unwrap();
        let new = stored.password_hash.unwrap();
        assert!(new != old && !app.app.passwords().is_outdated(&new));
        sign_in(app, "member1").await;
    }

    async fn a_bad_request_names_its_field_and_leaves_nothing(app) {
        let mark = app.mark().await;
        for (body, pointer) in [
            (json!({"username": "a"}), "body /password"),
            (json!({"username": "", "password": "b"}), "body /username"),
            (json!({"username": "a", "password": "b".repeat(129)}), "body /password"),
            (json!({"username": "a", "password": "b", "remember": true}), "body /remember"),
        ] {
            let answer = app.as_anonymous().post("auth/login", body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), [pointer], "{body}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn secrets_are_neither_in_the_audit_log_nor_in_responses(app) {
        use entity::session::refresh_token;
        let user = member(app).await;
        let pair = sign_in(app, "member1").await;
        let by = app.with_token(text(&pair, "access_token"));
        let new_password = "thirteen blue bottles";
        let mut answers = vec![by.get("auth/me").await.text];
        answers.push(by.post("auth/me/password", json!({"current_password": PASSWORD, "new_password": new_password})).await.text);
        let wrong = json!({"current_password": "a wrong password", "new_password": new_password});
        answers.push(by.post("auth/me/password", wrong).await.text);
        let next = by.post("auth/refresh", json!({"refresh_token": text(&pair, "refresh_token")})).await.expect(200);
        by.post("auth/logout", json!({"refresh_token": text(&next, "refresh_token")})).await.expect(204);
        answers.push(app.as_admin().await.get("users").await.text);

        let hash = credential::Entity::find_by_id(user.id).one(&app.outside).await.unwrap().unwrap().password_hash.unwrap();
        let digests = refresh_token::Entity::find().all(&app.outside).await.unwrap();
        let mut secrets = vec![PASSWORD, new_password, "a wrong password", "$argon2id", hash.as_str()];
        secrets.extend([&pair, &next].map(|pair| text(pair, "refresh_token")));
        secrets.extend([&pair, &next].map(|pair| text(pair, "access_token")));
        secrets.extend(digests.iter().map(|token| token.token_hash.as_str()));
        let trail = serde_json::to_string(&app.all_entries().await).unwrap();
        for secret in secrets {
            assert!(!trail.contains(secret) && !answers.iter().any(|answer| answer.contains(secret)), "{secret}");
        }
        let stored: Vec<_> = digests.iter().map(|token| token.token_hash.as_str()).collect();
        assert!(!stored.contains(&text(&pair, "refresh_token")), "tokens are kept as digests");
    }
}
