//! The trailers of an export: its count and its digest, behind its content.

use super::ended::{digest, fill};
use crate::app::{Raw, TestApp, actions};
use crate::documents::pay_stub;
use entity::text::sha256_hex;
use serde_json::{Value as Json, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap()
}

/// The metadata of the last entry since the mark.
async fn said(app: &TestApp, mark: &[Json]) -> Json {
    app.since(mark).await.pop().unwrap()["metadata"].take()
}

/// Fails unless the trailers of a response are those of its file, and those in the log.
fn assert_trailers(raw: &Raw, file: &[u8], said: &Json, what: &str) {
    assert_eq!((raw.status(), raw.header("transfer-encoding")), (200, "chunked"), "{what}");
    assert_eq!(raw.header("trailer"), "record-count, unencoded-digest", "{what}");
    assert_eq!(raw.trailer("unencoded-digest"), digest(file), "{what}");
    assert_eq!(said["sha256"], sha256_hex(file), "{what}");
    assert_eq!(raw.trailer("record-count"), said["record_count"].to_string(), "{what}");
    assert_eq!(said["size_bytes"], file.len(), "{what}");
}

on_each_database! {
    async fn a_long_export_ends_with_its_count_and_its_digest(app) {
        fill(app, 150).await;
        let admin = app.as_admin().await;
        let mut wire = connect(app).await;
        for (path, headers) in [
            ("audit-log/export.ndjson?category=other", ""),
            ("audit-log/export.ndjson?category=other", "TE: trailers\r\n"),
            ("audit-log/export.ndjson?category=other", "Accept-Encoding: gzip\r\n"),
            ("audit-log/export.ndjson?category=other", "Accept-Encoding: br\r\nTE: gzip, trailers;q=0.5\r\n"),
            ("audit-log/export.csv?category=other", ""),
            ("audit-log/export.csv?category=other&bom=true", "Accept-Encoding: zstd\r\n"),
        ] {
            let file = admin.get(path).await.bytes;
            let (what, mark) = (format!("{path} {headers}"), app.mark().await);
            let path = format!("/api/v1/{path}");

            // All on one connection: each response ends where it says.
            let headers = format!("Authorization: Bearer {}\r\n{headers}", admin.token());
            let raw = Raw::exchange(&mut wire, ("GET", &path, "1.1"), &headers).await;

            let said = said(app, &mark).await;
            assert_eq!(said["event"], "export_completed", "{what}");
            assert_trailers(&raw, &file, &said, &what);
            let is_plain = raw.header("content-encoding").is_empty();
            assert_eq!(raw.body == file, is_plain, "{what}: the digest is that of the file before compression");
            assert_eq!((raw.header("record-count"), raw.header("unencoded-digest")), ("", ""), "{what}: not known then");
        }
    }

    async fn a_short_export_has_trailers_too_if_its_caller_accepts_them(app) {
        let case = app.a_case().held().create().await;
        app.as_manager().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let token = app.as_admin().await.token().to_owned();
        let of_case = format!("reports/case-changes.csv?case_id={}", case.id());
        let mut wire = connect(app).await;
        for path in [
            "exports/cases.csv", "exports/cases.ndjson", "exports/users.csv?bom=true", "exports/documents.ndjson",
            "exports/credit-allowances.csv", "audit-log/export.csv?category=case", "audit-log/export.ndjson?category=system",
            "reports/activity-summary.csv", &of_case, "reports/user-activity/users.csv",
        ] {
            let url = format!("/api/v1/{path}");
            for accepted in ["TE: trailers\r\n", "TE: TRAILERS\r\nAccept-Encoding: gzip\r\n"] {
                let mark = app.mark().await;
                let headers = format!("Authorization: Bearer {token}\r\n{accepted}");
                let raw = Raw::exchange(&mut wire, ("GET", &url, "1.1"), &headers).await;
                let said = said(app, &mark).await;
                if raw.header("content-encoding").is_empty() {
                    assert_trailers(&raw, &raw.body, &said, path);
                }
                assert_eq!(raw.trailer("record-count"), said["record_count"].to_string(), "{path}");
                for name in ["record-count", "unencoded-digest"] {
                    assert_eq!(raw.header(name), raw.trailer(name), "{path}");
                }
            }
            for refused in ["", "TE: gzip\r\n", "TE: no-trailers\r\n"] {
                let mark = app.mark().await;
                let headers = format!("Authorization: Bearer {token}\r\n{refused}");
                let raw = Raw::exchange(&mut wire, ("GET", &url, "1.1"), &headers).await;
                assert_eq!((raw.header("transfer-encoding"), raw.header("trailer")), ("", ""), "{path} {refused}");
                assert_eq!(raw.header("record-count"), said(app, &mark).await["record_count"].to_string(), "{path}");
                assert_eq!(raw.header("unencoded-digest"), digest(&raw.body), "{path}");
            }
        }
    }

    async fn what_is_no_export_has_no_trailers(app) {
        let case = app.a_case().held().create().await;
        let token = app.as_admin().await.token().to_owned();
        let mut wire = connect(app).await;
        let changes = format!("/api/v1/reports/case-changes?case_id={}", case.id());
        let refused = "/api/v1/exports/cases.csv?limit=1";
        for path in ["/livez", "/", "/openapi.json", "/api/v1/cases", "/api/v1/nothing", &changes, refused] {
            for coding in ["", "Accept-Encoding: gzip\r\n"] {
                let headers = format!("Authorization: Bearer {token}\r\nTE: trailers\r\n{coding}");
                let raw = Raw::exchange(&mut wire, ("GET", path, "1.1"), &headers).await;
                assert_eq!((raw.header("trailer"), raw.trailer("record-count")), ("", ""), "{path} {coding}");
            }
        }
    }

    /// The server omits the content and what follows it.
    async fn head_leaves_its_connection_to_the_next_request(app) {
        fill(app, 150).await;
        let token = app.as_admin().await.token().to_owned();
        let mut wire = connect(app).await;
        let headers = format!("Authorization: Bearer {token}\r\nTE: trailers\r\n");
        for path in ["/api/v1/audit-log/export.ndjson?category=other", "/api/v1/exports/users.csv"] {
            let raw = Raw::exchange(&mut wire, ("HEAD", path, "1.1"), &headers).await;
            assert_eq!((raw.status(), raw.header("transfer-encoding")), (200, "chunked"), "{path}");
            assert_eq!(Raw::exchange(&mut wire, ("GET", "/livez", "1.1"), "").await.status(), 200, "{path}");
        }
    }

    async fn an_aborted_export_has_no_trailers(app) {
        fill(app, 1_500).await;
        let admin = app.as_admin().await;
        let token = admin.token().to_owned();
        let mark = app.mark().await;
        let mut wire = connect(app).await;
        let path = "/api/v1/audit-log/export.ndjson?category=other";
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTE: trailers\r\nConnection: close\r\n\r\n"
        );
        tokio::io::AsyncWriteExt::write_all(&mut wire, head.as_bytes()).await.unwrap();
        while app.since(&mark).await.len() < 2 {
            tokio::task::yield_now().await;
        }
        app.refuse_entries().await;
        let mut answer = Vec::new();
        let _ = wire.read_to_end(&mut answer).await;
        app.accept_entries().await;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.contains("trailer: record-count, unencoded-digest\r\n"), "they were announced");
        assert!(!text.contains("record-count: ") && !text.contains("\r\n0\r\n"), "the content has no end");
        assert_eq!(actions(&app.since(&mark).await), ["audit_log_accessed", "export_generated"]);
        assert_eq!(app.since(&mark).await[1]["metadata"]["event"], json!("export_started"));
    }
}
