//! HTTP/1.0: a response has a length, or it ends with its connection, without trailers.

use crate::app::{Raw, TestApp};
use crate::documents::{id, pay_stub};
use crate::exports::fill;
use tokio::net::TcpStream;

/// Sends a request with HTTP/1.0.
async fn get(wire: &mut TcpStream, path: &str, headers: &str) -> Raw {
    Raw::exchange(wire, ("GET", path, "1.0"), headers).await
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap()
}

on_each_database! {
    async fn a_response_to_http_1_0_has_no_chunks(app) {
        let case = app.a_case().accepted().create().await;
        let document = app.as_manager().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        fill(app, 150).await;
        // The file of a report has the sequence of each entry, which would change in between.
        app.seal().await;
        let admin = app.as_admin().await;
        let content = format!("/api/v1/documents/{}/content", id(&document));
        for (path, coding) in [
            ("/livez", ""),
            ("/", ""),
            ("/", "gzip"),
            ("/docs/", ""),
            ("/docs/swagger-ui.css", "gzip"),
            ("/openapi.json", "br"),
            ("/api/v1/cases", ""),
            ("/api/v1/cases", "gzip"),
            ("/api/v1/nothing", "gzip"),
            ("/api/v1/exports/cases.csv", ""),
            ("/api/v1/exports/cases.csv", "gzip"),
            ("/api/v1/exports/users.ndjson", "zstd"),
            ("/api/v1/audit-log/export.ndjson?category=other", ""),
            ("/api/v1/audit-log/export.csv?category=other", ""),
            ("/api/v1/reports/case-changes.csv", ""),
            (content.as_str(), ""),
            (content.as_str(), "gzip"),
        ] {
            let caller = if coding.is_empty() { admin.clone() } else { admin.clone().with("Accept-Encoding", coding) };
            for more in ["", "Connection: keep-alive\r\n", "Connection: close\r\n"] {
                let what = format!("{path} {coding} {more}");
                let mut wire = connect(app).await;
                let accepted = if coding.is_empty() { String::new() } else { format!("Accept-Encoding: {coding}\r\n") };

                let headers = format!("Authorization: Bearer {}\r\nTE: trailers\r\n{accepted}{more}", admin.token());
                let answer = get(&mut wire, path, &headers).await;

                assert_eq!(answer.version(), "HTTP/1.0", "{what}");
                assert_eq!((answer.header("transfer-encoding"), answer.header("trailer")), ("", ""), "{what}");
                let is_sized = !answer.header("content-length").is_empty();
                let keeps = answer.header("connection").eq_ignore_ascii_case("keep-alive");
                assert!(is_sized || !keeps, "{what}: without a length only the end of the connection ends the body");
                let new = caller.get(path).await;
                assert_eq!(answer.header("content-encoding"), new.header("content-encoding"), "{what}");
                let is_same = answer.body == new.bytes || path.ends_with("nothing");
                assert!(is_same, "{what}: {} and {} bytes", answer.body.len(), new.bytes.len());
                if keeps {
                    assert_eq!(get(&mut wire, "/livez", "").await.status(), 200, "{what}");
                }
            }
        }
    }
}
