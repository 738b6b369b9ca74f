//! HTTP/1.0: a response has a length, or it ends with its connection.

use crate::app::TestApp;
use crate::documents::{id, pay_stub};
use crate::exports::fill;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A response as it was on the wire.
struct Raw {
    head: String,
    body: Vec<u8>,
}

impl Raw {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.clone().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// Reads a response to its announced length, or to the end of the connection.
    async fn read(wire: &mut TcpStream) -> Self {
        let mut read = Vec::new();
        let end = loop {
            if let Some(end) = read.windows(4).position(|bytes: &[u8]| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(wire.read_buf(&mut read).await.unwrap() > 0, "{}", String::from_utf8_lossy(&read));
        };
        let body = read.split_off(end);
        let mut raw = Self { head: String::from_utf8(read).unwrap(), body };
        match raw.header("content-length").parse::<usize>() {
            Ok(length) => {
                let mut rest = vec![0; length - raw.body.len()];
                wire.read_exact(&mut rest).await.unwrap();
                raw.body.extend(rest);
            }
            Err(_) => drop(wire.read_to_end(&mut raw.body).await.unwrap()),
        }
        raw
    }
}

/// Sends a request with HTTP/1.0.
async fn send(wire: &mut TcpStream, path: &str, headers: &str) {
    let head = format!("GET {path} HTTP/1.0\r\n{headers}\r\n");
    wire.write_all(head.as_bytes()).await.unwrap();
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
                send(&mut wire, path, &format!("Authorization: Bearer {}\r\n{accepted}{more}", admin.token())).await;

                let answer = Raw::read(&mut wire).await;

                assert!(answer.head.starts_with("HTTP/1.0 "), "{what}: {}", answer.head);
                assert_eq!(answer.header("transfer-encoding"), "", "{what}");
                let is_sized = !answer.header("content-length").is_empty();
                let keeps = answer.header("connection").eq_ignore_ascii_case("keep-alive");
                assert!(is_sized || !keeps, "{what}: without a length only the end of the connection ends the body");
                let new = caller.get(path).await;
                assert_eq!(answer.header("content-encoding"), new.header("content-encoding"), "{what}");
                let is_same = answer.body == new.bytes || path.ends_with("nothing");
                assert!(is_same, "{what}: {} and {} bytes", answer.body.len(), new.bytes.len());
                if keeps {
                    send(&mut wire, "/livez", "").await;
                    assert!(Raw::read(&mut wire).await.head.starts_with("HTTP/1.0 200 "), "{what}");
                }
            }
        }
    }
}
