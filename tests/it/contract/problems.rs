//! Every operation returns its errors as problems, using the names of the contract.

use super::operations;
use reqwest::Method;
use serde_json::json;

on_each_database! {
    async fn unauthenticated_callers_get_401_everywhere(app) {
        let anonymous = app.as_anonymous();
        let mark = app.mark().await;
        for operation in operations().iter().filter(|operation| !operation.is_public()) {
            let body = operation.has_body().then(|| json!({}));
            let answer = anonymous.send(operation.method.clone(), &operation.absent(), body).await;
            answer.expect_problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{}", operation.id());
            assert!(operation.statuses().contains(&401), "{}", operation.id());
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_refusal_says_what_was_refused_and_why(app) {
        let (completed, by) = (app.a_case().completed().create().await, app.as_manager().await);
        let held = by.post(&completed.url("hold"), json!({"reason": "passport missing"})).await;
        let detail = "Cannot hold a case in status `completed`. Allowed from: `accepted`.";
        assert_eq!(held.expect_problem(409, "invalid_case_state")["detail"], detail);
        let reason = by.post(&completed.url("hold"), json!({"reason": 7})).await;
        assert_eq!(reason.json()["errors"][0]["detail"], "must be a string");
        let twice = Some(("application/json", br#"{"reason": "a", "reason": "b"}"#.to_vec()));
        let twice = by.send_raw(Method::POST, &completed.url("hold"), twice).await;
        assert!(twice.json()["detail"].as_str().unwrap_or_default().contains("duplicate key \"reason\""), "{}", twice.text);
        let login = json!({"username": "manager", "password": "not the password"});
        let unknown = app.as_anonymous().post("auth/login", login).await;
        let detail = "Invalid username or password, or the account is not active. The response does not reveal which.";
        assert_eq!(unknown.expect_problem(401, "invalid_credentials")["detail"], detail);
    }

    async fn an_unsupported_method_is_refused_with_the_allowed_ones(app) {
        let by = app.as_admin().await;
        let operations = operations();
        for operation in &operations {
            let answer = by.send(Method::TRACE, &operation.absent(), None).await;
            answer.expect_problem(405, "method_not_allowed");
            let mut there: Vec<&str> =
                operations.iter().filter(|other| other.path == operation.path).map(|other| other.method.as_str()).collect();
            if there.contains(&"GET") {
                there.push("HEAD");
            }
            there.push("OPTIONS");
            let mut allowed: Vec<&str> = answer.header("allow").split(", ").collect();
            there.sort_unstable();
            allowed.sort_unstable();
            assert_eq!(allowed, there, "{}", operation.path);
        }
        by.get("/api/v1/nothing").await.expect_problem(404, "not_found");
        by.get("/nothing").await.expect_problem(404, "not_found");
    }

    async fn an_unknown_parameter_is_refused_by_name(app) {
        let callers = [app.as_admin().await, app.as_member().await, app.as_anonymous()];
        let [admin, member, anonymous] = &callers;
        for operation in operations().iter().filter(|operation| operation.path.starts_with("/api/v1/")) {
            let by = match operation.id() {
                // Submitting and resubmitting are reserved for the member.
                "submit_case" | "resubmit_case" => member,
                _ if operation.is_public() => anonymous,
                _ => admin,
            };
            let path = format!("{}?no_such_parameter=1", operation.absent());
            let answer = by.send(operation.method.clone(), &path, operation.has_body().then(|| json!({}))).await;
            answer.expect_problem(400, "invalid_parameter");
            assert!(answer.faults().contains(&"query /no_such_parameter".to_owned()), "{}: {}", operation.id(), answer.text);
            assert!(operation.statuses().contains(&400), "{}", operation.id());
        }
    }

    async fn an_invalid_body_is_refused_before_anything_is_looked_up(app) {
        let by = app.as_admin().await;
        let member = app.as_member().await;
        let mut walked = 0;
        for operation in operations().iter().filter(|operation| operation.takes_json()) {
            // Submitting and resubmitting are reserved for the member.
            let by = if ["submit_case", "resubmit_case"].contains(&operation.id()) { &member } else { &by };
            let send = async |kind: &str, body: Vec<u8>| {
                by.send_raw(operation.method.clone(), &operation.absent(), Some((kind, body))).await
            };
            send("application/json", b"{\"a\":".to_vec()).await.expect_problem(400, "malformed_json");
            send("application/json", b"{\"a\":1,\"a\":2}".to_vec()).await.expect_problem(400, "malformed_json");
            send("text/plain", b"{}".to_vec()).await.expect_problem(415, "unsupported_media_type");
            send("application/json", vec![b' '; operation.too_long()]).await.expect_problem(413, "payload_too_large");
            let answer = send("application/json", b"{\"no_such_field\":1}".to_vec()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), ["body /no_such_field"], "{}", operation.id());
            for status in [400, 413, 415, 422] {
                assert!(operation.statuses().contains(&status), "{} {status}", operation.id());
            }
            walked += 1;
        }
        assert!(walked > 10);
    }

    async fn a_trailing_slash_is_ignored_and_each_response_has_a_request_id(app) {
        let by = app.as_manager().await.with("X-Request-Id", "order-4711-a");
        let answer = by.get("/api/v1/cases/").await;
        answer.expect(200);
        assert_eq!(answer.header("x-request-id"), "order-4711-a");
        assert_eq!((answer.header("x-content-type-options"), answer.header("referrer-policy")), ("nosniff", "no-referrer"));
        let minted = app.as_manager().await.with("X-Request-Id", "not an id!").get("cases").await;
        assert_ne!(minted.header("x-request-id"), "not an id!");
        assert_eq!(minted.header("x-request-id").len(), 36);
    }
}

#[test]
fn every_code_has_a_page_of_its_own_name() {
    use api::wire::Code;
    for code in Code::all() {
        assert_eq!(json!(code), code.name());
        assert!(code.status().as_u16() >= 400 && !code.title().is_empty() && code.meaning().ends_with('.'), "{}", code.name());
    }
}
