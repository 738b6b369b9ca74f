//! Unexpected or mislabeled bodies and query strings: refused, and nothing is done.

use reqwest::Method;
use serde_json::json;

const CASE: &[u8] = br#"{"employee_first_name": "Ada", "employee_last_name": "Moss", "due_on": "2026-12-20"}"#;

on_each_database! {
    async fn a_post_that_reads_no_body_accepts_none(app) {
        let case = app.a_case().accepted().create().await;
        let read_all = "alerts/read-all".to_owned();
        let (admin, mark) = (app.as_admin().await, app.mark().await);
        for (path, body) in [(read_all.clone(), r#"{"severity": ["info"]}"#), (case.url("acknowledge-updates"), "{\"a\"")] {
            let answer = admin.send_raw(Method::POST, &path, Some(("application/json", body.into()))).await;
            answer.expect_problem(415, "unsupported_media_type");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
        for nothing in ["", "{}", " { }\n"] {
            admin.send_raw(Method::POST, &read_all, Some(("application/json", nothing.into()))).await.expect(200);
        }
        // Requests that read or delete may have a body, which has no effect (RFC 9110, 9.3.1 and 9.3.5).
        admin.send_raw(Method::GET, &case.path(), Some(("application/json", b"{}".to_vec()))).await.expect(200);
    }

    async fn json_is_accepted_in_any_spelling_of_its_media_type_but_not_compressed(app) {
        let by = app.as_member().await;
        for kind in ["application/json; charset=\"utf-8\"", "Application/JSON;charset=UTF-8"] {
            by.send_raw(Method::POST, "cases", Some((kind, CASE.to_vec()))).await.expect(201);
        }
        let packed = app.as_member().await.with("Content-Encoding", "gzip");
        for (by, kind) in
            [(&packed, "application/json"), (&by, "application/json; charset=latin1"), (&by, "application/json; v=2")]
        {
            by.send_raw(Method::POST, "cases", Some((kind, CASE.to_vec()))).await.expect_problem(415, "unsupported_media_type");
        }
    }

    async fn a_refusal_names_the_invalid_part_of_the_request(app) {
        let by = app.as_member().await;
        for body in [r#"{"a": 1, "a": 2}"#, r#"{"a"#, r#"{"num_reports_requested": 1e400}"#] {
            let problem = by.send_raw(Method::POST, "cases", Some(("application/json", body.into()))).await;
            assert_eq!(problem.expect_problem(400, "malformed_json")["errors"][0]["code"], "unreadable", "{body}");
            assert_eq!(problem.faults(), ["body "]);
        }
        let list = by.send_raw(Method::POST, "cases", Some(("application/json", b"[1]".to_vec()))).await;
        assert_eq!(list.expect_problem(422, "validation_failed")["detail"], "The request body must be an object.");
        let count = by.post("cases", json!({"num_reports_requested": "x"})).await.expect_problem(422, "validation_failed");
        assert_eq!(count["detail"], "1 field is invalid: num_reports_requested must be an integer within bounds.");
        let header = app.as_member().await.with("If-Match", "seven");
        let answer = header.patch(&app.a_case().create().await.path(), json!({})).await;
        let detail = answer.expect_problem(400, "invalid_header")["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with("1 header is invalid: If-Match must be"), "{detail}");
    }

    async fn a_query_that_is_not_utf_8_is_refused(app) {
        let by = app.as_manager().await;
        for query in ["q=%ff", "q=%E0%A4", "status=%C3%28"] {
            let answer = by.get(&format!("cases?{query}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), [format!("query /{}", query.split('=').next().unwrap())]);
        }
        by.get("cases?q=caf%C3%A9+au%20lait").await.expect(200);
        let word = by.get("cases?status=asleep").await.expect_problem(400, "invalid_parameter");
        assert!(word["detail"].as_str().unwrap().contains("status must be one of draft, submitted,"), "{word}");
    }

    async fn the_documentation_page_is_read_only_and_contacts_no_other_host(app) {
        let anonymous = app.as_anonymous();
        assert!(anonymous.get("/docs").await.text.contains("swagger-ui"), "the address shows the documentation");
        for path in ["/docs/", "/docs/index.html"] {
            let answer = anonymous.send(Method::POST, path, None).await;
            answer.expect_problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
        let ours = anonymous.get("/docs/swagger-initializer.js").await.text;
        assert!(ours.contains("\"validatorUrl\": \"none\""), "it sends the contract to another host: {ours}");
        assert!(ours.contains("\"persistAuthorization\": false"), "a token stays in no browser: {ours}");
    }
}
