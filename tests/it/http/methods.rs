//! HEAD runs and is recorded like GET; OPTIONS lists the allowed methods.

use crate::app::actions;
use reqwest::Method;

on_each_database! {
    async fn head_is_get_without_the_body_and_writes_the_same_entries(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let get = by.get(&case.path()).await;
        let head = by.send(Method::HEAD, &case.path(), None).await;
        assert_eq!((head.status(), head.text.as_str()), (200, ""));
        for name in ["etag", "content-type", "cache-control", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
        let mark = app.mark().await;

        let log = by.send(Method::HEAD, "audit-log", None).await;
        let report = by.send(Method::HEAD, "reports/activity-summary", None).await;
        let export = by.send(Method::HEAD, "audit-log/export.csv", None).await;

        assert_eq!((log.status(), report.status(), export.status()), (200, 200, 200));
        assert_eq!((log.text.as_str(), export.text.as_str()), ("", ""));
        assert!(export.header("content-disposition").starts_with("attachment"));
        let left = app.since(&mark).await;
        assert_eq!(actions(&left), ["audit_log_accessed", "report_generated", "audit_log_accessed", "export_generated"]);
    }

    async fn a_literal_path_beside_a_template_has_only_its_own_methods(app) {
        let by = app.as_admin().await;
        for path in ["cases/counts?by=status", "audit-log/export.csv"] {
            for method in ["PATCH", "DELETE", "POST", "PUT"] {
                let answer = by.send(method.parse().unwrap(), path, None).await;
                answer.expect_problem(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS", "{method} {path}");
            }
            assert_eq!(by.send(Method::OPTIONS, path, None).await.status(), 204, "{path}");
            assert_eq!(by.send(Method::HEAD, path, None).await.status(), 200, "{path}");
        }
    }

    async fn head_of_an_absent_or_unreadable_resource_is_a_problem_without_its_body(app) {
        let by = app.as_manager().await;
        let absent = by.send(Method::HEAD, "cases/01a20725-be30-7584-bca5-f00e655c90d6", None).await;
        assert_eq!((absent.status(), absent.header("content-type")), (404, "application/problem+json"));
        assert_eq!(by.send(Method::HEAD, "auth/login", None).await.status(), 405);
        assert_eq!(app.as_anonymous().send(Method::HEAD, "cases", None).await.status(), 401);
    }

    async fn paths_are_normalised_and_one_with_an_empty_segment_is_not_found(app) {
        let by = app.as_manager().await;
        for path in ["/livez/", "/problems/not_found/", "/api/v1/case%73/", "/api/v1/%63ases"] {
            assert_eq!(by.get(path).await.status(), 200, "{path}");
        }
        by.post("/api/v1/cases//hold", serde_json::json!({"reason": "because"})).await.expect_problem(404, "not_found");
    }

    async fn options_lists_the_methods_of_a_path(app) {
        let anonymous = app.as_anonymous();
        let answer = anonymous.send(Method::OPTIONS, "cases", None).await;
        assert_eq!(answer.status(), 204);
        let mut allowed: Vec<&str> = answer.header("allow").split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD", "OPTIONS", "POST"]);
        anonymous.send(Method::OPTIONS, "nothing", None).await.expect_problem(404, "not_found");
    }
}
