//! Browsers are allowed from listed origins, and from no others.

use crate::app::FRIEND;
use reqwest::Method;
use serde_json::json;

on_each_database! {
    async fn a_listed_origin_can_send_and_read_the_headers_it_needs(app) {
        let browser = app.as_anonymous().with("Origin", FRIEND);
        let asking = browser
            .with("Access-Control-Request-Method", "POST")
            .with("Access-Control-Request-Headers", "authorization,content-type,idempotency-key,if-match,range");

        let preflight = asking.send(Method::OPTIONS, "cases", None).await;

        assert_eq!(preflight.status(), 200, "{}", preflight.text);
        assert_eq!(preflight.header("access-control-allow-origin"), FRIEND);
        let listed = |name: &str, value: &str| preflight.header(name).to_lowercase().split(',').any(|one| one.trim() == value);
        assert!(listed("access-control-allow-headers", "idempotency-key") && listed("access-control-allow-methods", "patch"));
        assert_eq!(preflight.header("access-control-allow-credentials"), "");
        let answer = app.as_manager().await.with("Origin", FRIEND).get("cases").await;
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), FRIEND);
        for exposed in [
            "content-range",
            "etag",
            "link",
            "location",
            "repr-digest",
            "retry-after",
            "x-request-id",
            "idempotency-replayed",
            "ratelimit",
        ] {
            let all = answer.header("access-control-expose-headers").to_lowercase();
            assert!(all.split(',').any(|one| one.trim() == exposed), "{exposed} in {all}");
        }
    }

    async fn a_problem_can_be_read_by_a_listed_origin_too(app) {
        let browser = app.as_anonymous().with("Origin", FRIEND);
        let answer = browser.get("cases").await;
        answer.expect_problem(401, "unauthorized");
        assert_eq!(answer.header("access-control-allow-origin"), FRIEND);
        let case = app.a_case().held().create().await;
        let answer = app.as_manager().await.with("Origin", FRIEND).post(&case.url("hold"), json!({"reason": "because"})).await;
        answer.expect_problem(409, "invalid_case_state");
        assert_eq!(answer.header("access-control-allow-origin"), FRIEND);
    }

    async fn an_unlisted_origin_gets_no_cors_headers(app) {
        let stranger =
            app.as_anonymous().with("Origin", "https://elsewhere.example.org").with("Access-Control-Request-Method", "GET");
        let stranger = stranger.with("Accept-Encoding", "gzip");
        let preflight = stranger.send(Method::OPTIONS, "cases", None).await;
        preflight.expect_problem(400, "invalid_header");
        assert_eq!(preflight.header("content-encoding"), "");
        assert_eq!(preflight.header("access-control-allow-origin"), "");
        let answer = app.as_manager().await.with("Origin", "https://elsewhere.example.org").get("cases").await;
        assert_eq!((answer.status(), answer.header("access-control-allow-origin")), (200, ""));
    }
}
