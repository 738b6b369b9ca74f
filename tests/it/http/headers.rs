//! Headers and content codings of every response.

use std::time::{Duration, Instant};

on_each_database! {
    async fn responses_have_security_headers_and_personal_data_is_not_cached(app) {
        let by = app.as_manager().await;
        for path in ["cases", "auth/me", "audit-log", "reports", "audit-log/export.ndjson", "nothing", "/livez", "/", "/docs/"] {
            let answer = by.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("server"), "", "{path}");
        }
        assert_eq!(by.get("cases").await.header("cache-control"), "no-store");
        assert_eq!(by.get("auth/me").await.header("cache-control"), "no-store");
        let case = app.a_case().create().await;
        let deleted = app.as_member().await.delete(&case.path()).await;
        assert_eq!((deleted.status(), deleted.header("cache-control")), (204, "no-store"));
    }

    async fn html_pages_have_a_content_security_policy(app) {
        let anonymous = app.as_anonymous();
        for path in ["/", "/docs/", "/problems/not_found"] {
            let page = anonymous.get(path).await;
            assert!(page.header("content-type").starts_with("text/html"), "{path}");
            assert!(page.header("content-security-policy").contains("default-src"), "{path}");
        }
    }

    async fn responses_are_compressed_if_the_client_accepts_it(app) {
        for coding in ["br", "gzip", "zstd"] {
            let answer = app.as_manager().await.with("Accept-Encoding", coding).get("/openapi.json").await;
            assert_eq!((answer.status(), answer.header("content-encoding")), (200, coding));
            let varies = answer
                .headers
                .get_all("vary")
                .iter()
                .any(|vary| vary.to_str().is_ok_and(|on| on.eq_ignore_ascii_case("accept-encoding")));
            assert!(varies, "{:?}", answer.headers);
        }
        let plain = app.as_manager().await.get("/openapi.json").await;
        let varies = plain.headers.get_all("vary").iter().any(|vary| vary == "Accept-Encoding");
        assert!(varies && plain.header("content-encoding").is_empty(), "{:?}", plain.headers);
        let choosy = app.as_manager().await.with("Accept-Encoding", "gzip, br;q=0, deflate;q=0.5").get("cases").await;
        assert_eq!((choosy.status(), choosy.header("content-encoding")), (200, "gzip"));
        // A client that accepts no coding gets the plain bytes, as RFC 9110 advises, rather than an error.
        let picky = app.as_manager().await.with("Accept-Encoding", "identity;q=0").get("cases").await;
        assert_eq!((picky.status(), picky.header("content-encoding")), (200, ""));
    }

    /// Compressing the contract takes many times longer than sending it.
    async fn static_files_are_compressed_once(app) {
        for path in ["/openapi.yaml", "/docs/swagger-ui-bundle.js"] {
            let timed = async || {
                let begun = Instant::now();
                let answer = app.as_anonymous().with("Accept-Encoding", "zstd, br;q=0.9").get(path).await;
                assert_eq!((answer.status(), answer.header("content-encoding")), (200, "zstd"), "{path}");
                (begun.elapsed(), answer.bytes)
            };
            let plain = app.as_anonymous().get(path).await;
            let (first, coded) = timed().await;
            let mut fastest = Duration::MAX;
            for _ in 0..5 {
                let (again, same) = timed().await;
                assert_eq!(same, coded);
                fastest = fastest.min(again);
            }
            assert!(coded.len() < plain.bytes.len() / 2 && fastest * 3 < first, "{path}: {first:?}, then {fastest:?}");
            let spelled = path.replacen('.', "%2e", 1);
            assert_eq!(app.as_anonymous().with("Accept-Encoding", "zstd").get(&spelled).await.bytes, coded);
        }
    }

    async fn a_compressed_response_has_the_weak_form_of_the_etag(app) {
        let case = app.a_case().accepted().create().await;
        let plain = app.as_manager().await.get(&case.path()).await;
        let coded = app.as_manager().await.with("Accept-Encoding", "gzip").get(&case.path()).await;
        assert_eq!(coded.header("content-encoding"), "gzip");
        assert_eq!(coded.header("etag"), format!("W/{}", plain.header("etag")));
        let known = app.as_manager().await.with("Accept-Encoding", "gzip").with("If-None-Match", coded.header("etag"));
        assert_eq!(known.get(&case.path()).await.status(), 304);
    }

    async fn all_lines_of_a_precondition_count(app) {
        let case = app.a_case().accepted().create().await;
        let tag = app.as_manager().await.get(&case.path()).await.header("etag").to_owned();
        let other = format!("\"999\", {tag}");
        let by = app.as_manager().await.with("If-Match", &other).with("If-Match", &other);
        by.post(&case.url("hold"), serde_json::json!({"reason": "because"})).await.expect(200);
    }

    async fn an_etag_changes_with_the_content_even_if_the_version_does_not(app) {
        let case = app.a_case().accepted().create().await;
        let (by, member) = (app.as_manager().await, app.as_member().await);
        let tag = by.get(&case.path()).await.header("etag").to_owned();
        assert_eq!(app.as_manager().await.with("If-None-Match", &tag).get(&case.path()).await.status(), 304);
        assert_eq!(
            app.as_manager().await.with("If-None-Match", &format!("\"x\", W/{tag}")).get(&case.path()).await.status(),
            304
        );

        let less = app.as_member().await.with("If-None-Match", &tag).get(&case.path()).await;
        assert_eq!(less.status(), 200, "the member sees less");
        member.patch(&case.path(), serde_json::json!({"special_notes": "call first"})).await.expect(200);
        let edited = by.get(&case.path()).await;
        by.post(&case.url("acknowledge-updates"), serde_json::json!({})).await.expect(200);

        let acknowledged = by.get(&case.path()).await;
        assert_eq!(acknowledged.json()["version"], edited.json()["version"]);
        assert_ne!(acknowledged.header("etag"), edited.header("etag"));
        let reason = serde_json::json!({"reason": "because"});
        let weak = app.as_manager().await.with("If-Match", &format!("W/{}", edited.header("etag")));
        weak.post(&case.url("hold"), reason.clone()).await.expect(200);
        app.as_manager()
            .await
            .with("If-Match", "\"1\"")
            .post(&case.url("resume"), reason)
            .await
            .expect_problem(412, "version_mismatch");
    }
}
