//! Requests beyond the rate limit are refused, and every response reports how many are left.

use crate::app::{Settings, TestApp};
use api::state::rates::Rates;
use serde_json::json;
use std::num::NonZeroU32;

fn limited(default: u32, login: u32) -> Settings {
    let rate = |rate| NonZeroU32::new(rate).unwrap();
    Settings { rates: Some(Rates { default: rate(default), login: rate(login) }), ..Settings::default() }
}

on_each_database! {
    async fn a_caller_over_the_rate_limit_is_refused_with_a_retry_after(app) {
        let app = TestApp::start_with(app.kind, limited(3, 100)).await.unwrap();
        let (manager, admin) = (app.as_manager().await, app.as_admin().await);
        let case = app.a_case().accepted().create().await;
        let left: Vec<String> = [
            manager.get("auth/me").await,
            manager.get("auth/me").await,
            manager.get("nothing").await,
        ].iter().map(|answer| answer.header("ratelimit").to_owned()).collect();
        let mark = app.mark().await;

        let refused = manager.post(&case.url("hold"), json!({"reason": "because"})).await;

        assert_eq!(left, ["\"default\";r=2;t=20", "\"default\";r=1;t=40", "\"default\";r=0;t=60"]);
        refused.expect_problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), "\"default\";q=3;w=60");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit"), "\"default\";r=0;t=60");
        assert_eq!(app.since(&mark).await.len(), 0);
        admin.get("auth/me").await.expect(200);
        for file in
            ["/", "/page/x/app.js", "service", "/openapi.json", "/openapi.yaml", "/docs/", "/docs/swagger-ui.css"]
                .into_iter()
                .chain(["/problems/not_found", "/.well-known/jwks.json"])
        {
            manager.get(file).await.expect_problem(429, "rate_limited");
        }
        for probe in ["/livez", "/readyz", "/metrics"] {
            assert_eq!(manager.get(probe).await.header("ratelimit"), "", "{probe} is not counted");
        }
        app.finish().await;
    }

    async fn signing_in_has_a_policy_of_its_own(app) {
        let app = TestApp::start_with(app.kind, limited(100, 2)).await.unwrap();
        let manager = app.user("manager", entity::user::Role::Manager, None).await;
        app.give_password(&manager, "a long enough passphrase").await;
        let anonymous = app.as_anonymous();
        let right = json!({"username": "manager", "password": "a long enough passphrase"});
        let wrong = json!({"username": "manager", "password": "not that passphrase"});
        let first = anonymous.post("auth/login", wrong).await;
        first.expect_problem(401, "invalid_credentials");
        assert_eq!(first.header("ratelimit"), "\"login\";r=1;t=30");
        app.pass(chrono::TimeDelta::seconds(1));
        anonymous.post("auth/login", right.clone()).await.expect(200);
        let mark = app.mark().await;

        let refused = anonymous.post("auth/login", right).await;

        refused.expect_problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), "\"login\";q=2;w=60");
        assert_eq!(app.since(&mark).await.len(), 0);
        assert_eq!(app.as_manager().await.get("auth/me").await.status(), 200);
        app.finish().await;
    }

    async fn another_spelling_of_the_path_is_the_same_path(app) {
        let app = TestApp::start_with(app.kind, limited(100, 1)).await.unwrap();
        let body = json!({"username": "unknown", "password": "not that passphrase"});
        let anonymous = app.as_anonymous();
        anonymous.post("/%61pi/v1/auth/%6Cogin", body.clone()).await.expect_problem(401, "invalid_credentials");
        for spelling in ["/api/v1/auth/login", "/api/v1/auth/%6Cogin", "/%61pi/v1/auth/login", "/api/v1/auth/login/"] {
            anonymous.post(spelling, body.clone()).await.expect_problem(429, "rate_limited");
        }
        app.finish().await;
    }

    async fn a_forged_token_is_counted_with_its_address(app) {
        let app = TestApp::start_with(app.kind, limited(2, 100)).await.unwrap();
        let manager = app.as_manager().await;
        for forged in ["one", "two"] {
            app.with_token(forged).get("auth/me").await.expect_problem(401, "unauthorized");
        }
        app.with_token("three").get("auth/me").await.expect_problem(429, "rate_limited");
        manager.get("auth/me").await.expect(200);
        app.finish().await;
    }
}
