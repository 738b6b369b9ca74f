//! `/metrics` at an address of its own.

use crate::app::{Exposition, Process};
use reqwest::StatusCode;
use std::net::TcpListener;

async fn get(url: &str) -> (StatusCode, String) {
    let http = crate::app::http().build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

on_each_database! {
    async fn metrics_with_an_address_of_their_own_exist_at_no_other(app) {
        let apart = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let settings = [("CASETRAIL_METRICS_BIND", apart.as_str()), ("CASETRAIL_SCHEDULER", "on")];
        let process = Process::start_with(app, &settings).await;

        let (status, text) = get(&format!("http://{apart}/metrics")).await;
        assert_eq!(status, 200, "{text}");
        let figures = Exposition::parse(&text);
        assert_eq!((figures.get("casetrail_database_up"), figures.get("casetrail_scheduler_on")), (Some(1.0), Some(1.0)));
        let (status, problem) = get(&format!("{}/metrics", process.base)).await;
        assert_eq!(status, 404);
        assert!(problem.contains("\"code\":\"not_found\""), "{problem}");

        // Everything else is where it was, and only there.
        for path in ["/livez", "/readyz", "/openapi.json"] {
            assert_eq!(get(&format!("{}{path}", process.base)).await.0, 200, "{path}");
            assert_eq!(get(&format!("http://{apart}{path}")).await.0, 404, "{path}");
        }
        for path in ["/api/v1/cases", "/api/v1/auth/login", "/docs/", "/"] {
            assert_eq!(get(&format!("http://{apart}{path}")).await.0, 404, "{path}");
        }
        // Requests to both addresses are counted together.
        let (_, text) = get(&format!("http://{apart}/metrics")).await;
        let figures = Exposition::parse(&text);
        let count = |route: &str, status: u16| {
            figures.value(&format!("http_request_duration_seconds_count{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}"))
        };
        assert_eq!((count("/metrics", 200), count("/metrics", 404), count("/readyz", 200)), (1.0, 1.0, 1.0));
    }

    async fn without_an_address_of_their_own_metrics_are_served_with_everything_else(app) {
        let process = Process::start(app).await;
        let (status, text) = get(&format!("{}/metrics", process.base)).await;
        assert_eq!((status, Exposition::parse(&text).get("casetrail_scheduler_on")), (StatusCode::OK, Some(0.0)));
    }
}
