//! A handler that panics results in a problem for its caller, and affects no other request.

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use api::http::layers::arrival::arrive;
use api::http::layers::edge::edge;
use std::net::TcpListener;

async fn broken() -> HttpResponse {
    panic!("a mistake of ours")
}

on_each_database! {
    async fn a_panic_is_a_problem_without_details(app) {
        let state = app.app.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/v1/broken", listener.local_addr().unwrap());
        let broken_app = move || {
            App::new()
                .app_data(web::Data::new(state.clone()))
                .wrap(from_fn(edge))
                .wrap(from_fn(arrive))
                .route("/api/v1/broken", web::get().to(broken))
        };
        let server = HttpServer::new(broken_app).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);

        for _ in 0..3 {
            let answer = reqwest::get(&url).await.unwrap();

            assert_eq!(answer.status(), 500);
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            let text = answer.text().await.unwrap();
            let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!((problem["code"].as_str(), problem["request_id"].as_str()), (Some("internal_error"), Some(id.as_str())));
            assert_eq!(problem["instance"], "/api/v1/broken");
            assert!(!text.contains("mistake"), "{text}");
        }
        handle.stop(false).await;
    }
}
