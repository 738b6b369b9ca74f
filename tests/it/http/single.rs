//! Headers that are sent twice.

use serde_json::json;

on_each_database! {
    async fn a_single_valued_header_is_refused_if_sent_twice(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let (bearer, mark) = (format!("Bearer {}", by.token()), app.mark().await);
        for (name, values) in [
            ("Authorization", [bearer.as_str(), bearer.as_str()]),
            ("Authorization", [bearer.as_str(), "Bearer nonsense"]),
            ("Authorization", ["Bearer nonsense", bearer.as_str()]),
            ("Content-Type", ["application/json", "application/json"]),
            ("Content-Type", ["application/json", "text/plain"]),
            ("Idempotency-Key", ["key-number-1", "key-number-1"]),
            ("Idempotency-Key", ["key-number-1", "key-number-2"]),
        ] {
            let caller = if name == "Authorization" { app.as_anonymous() } else { by.clone() };
            let caller = caller.with(name, values[0]).with(name, values[1]);
            let body = (name != "Content-Type").then(|| json!({"reason": "because"}));
            let answer = caller.send(reqwest::Method::POST, &case.url("hold"), body).await;
            answer.expect_problem(400, "invalid_header");
            assert_eq!(answer.faults(), [format!("header /{name}")], "{values:?}");
        }
        // Before the caller is identified.
        let answer = app.as_anonymous().with("Authorization", "x").with("Authorization", "y").get("auth/me").await;
        answer.expect_problem(400, "invalid_header");
        assert_eq!(answer.faults(), ["header /Authorization"]);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn preconditions_in_several_lines_agree_or_are_refused(app) {
        let case = app.a_case().accepted().create().await;
        let tag = app.as_manager().await.get(&case.path()).await.header("etag").to_owned();
        let mark = app.mark().await;
        for lines in [["\"999\"", &tag], [&tag, "\"999\""], ["*", &tag], [&tag, "*"]] {
            let by = app.as_manager().await.with("If-Match", lines[0]).with("If-Match", lines[1]);
            let answer = by.post(&case.url("hold"), json!({"reason": "because"})).await;
            answer.expect_problem(400, "invalid_header");
            assert_eq!(answer.faults(), ["header /If-Match"], "{lines:?}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
        let by = app.as_manager().await.with("If-Match", &tag).with("If-Match", &tag);
        by.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 1);
    }
}
