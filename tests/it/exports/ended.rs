//! What an export leaves about its file: count, size and digest, in its entry or, for long files, in a second one.

use crate::app::{TestApp, actions};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use entity::audit::Event;
use entity::text::sha256_hex;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// Longer than anything here takes, even on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Entries of 16 KB each.
pub async fn fill(app: &TestApp, count: usize) {
    let notes = json!({"notes": "x".repeat(16_000)}).as_object().cloned().unwrap();
    let tx = app.write().await;
    for _ in 0..count {
        tx.record(Event::reported_activity("imported", "Imported from elsewhere", None, notes.clone())).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The value of a digest header.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(Sha256::digest(bytes)))
}

/// The entries since the mark, once there are this many.
async fn nth_since(app: &TestApp, mark: &[Json], count: usize) -> Vec<Json> {
    let waiting = async {
        loop {
            let trail = app.since(mark).await;
            if trail.len() >= count {
                return trail;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time")
}

on_each_database! {
    async fn the_entry_of_a_short_export_has_the_count_the_size_and_the_digest_of_its_file(app) {
        let case = app.a_case().held().create().await;
        let (admin, of_case) = (app.as_admin().await, format!("reports/case-changes.csv?case_id={}", case.id()));
        for (path, head) in [
            ("exports/cases.csv", 1),
            ("exports/cases.csv?bom=true", 1),
            ("exports/cases.ndjson", 0),
            ("exports/users.ndjson", 0),
            ("exports/documents.ndjson", 0),
            ("audit-log/export.csv?category=case", 1),
            ("audit-log/export.ndjson?category=case", 0),
            ("reports/activity-summary.csv", 1),
            (of_case.as_str(), 1),
            ("reports/user-activity/users.csv", 1),
        ] {
            let mark = app.mark().await;
            let answer = admin.get(path).await;
            assert_eq!(answer.status(), 200, "{path} {}", answer.text);
            let entry = app.since(&mark).await.pop().unwrap();
            let metadata = &entry["metadata"];
            assert_eq!(metadata["sha256"], sha256_hex(&answer.bytes), "{path}");
            assert_eq!(metadata["size_bytes"], answer.bytes.len(), "{path}");
            assert_eq!(metadata["record_count"], answer.text.lines().count() - head, "{path}");
            assert_eq!((&entry["outcome"], metadata.get("event")), (&json!("success"), None), "{path}");
            assert_eq!(answer.header("unencoded-digest"), digest(&answer.bytes), "{path}");
            assert_eq!(answer.header("content-length"), answer.bytes.len().to_string(), "{path}");
        }
    }

    async fn the_digest_is_that_of_the_file_before_compression(app) {
        let mark = app.mark().await;
        let answer = app.as_admin().await.with("Accept-Encoding", "gzip").get("exports/users.csv").await;
        assert_eq!(answer.header("content-encoding"), "gzip");
        let plain = app.as_admin().await.get("exports/users.csv").await;
        assert_eq!(answer.header("unencoded-digest"), digest(&plain.bytes));
        let trail = app.since(&mark).await;
        let exports: Vec<&Json> = trail.iter().filter(|entry| entry["action_type"] == "bulk_export").collect();
        assert_eq!(exports[0]["metadata"]["sha256"], sha256_hex(&plain.bytes));
    }

    async fn a_long_export_leaves_a_second_entry_before_its_end(app) {
        fill(app, 150).await;
        let admin = app.as_admin().await;
        for (path, head) in [("audit-log/export.ndjson?category=other", 0), ("audit-log/export.csv?category=other", 1)] {
            let mark = app.mark().await;
            let answer = admin.get(path).await;
            assert!(answer.bytes.len() > 256 * 1024, "{path}: {}", answer.bytes.len());
            let trail = app.since(&mark).await;
            assert_eq!(actions(&trail), ["audit_log_accessed", "export_generated", "export_generated"], "{path}");
            let (begun, ended) = (&trail[1], &trail[2]);
            let lines = answer.text.lines().count() - head;
            assert_eq!(begun["metadata"], json!({
                "export_type": "audit_log", "format": begun["metadata"]["format"], "filters": {"category": ["other"]},
                "event": "export_started", "record_count": null,
            }), "{path}");
            let format = begun["metadata"]["format"].as_str().unwrap();
            assert_eq!(begun["description"], format!("Export of audit_log as {format} started"));
            assert_eq!(ended["description"], format!("{lines} records of audit_log exported as {format}"));
            assert_eq!(ended["metadata"], json!({
                "export_type": "audit_log", "format": begun["metadata"]["format"], "filters": {"category": ["other"]},
                "event": "export_completed", "record_count": lines, "size_bytes": answer.bytes.len(),
                "sha256": sha256_hex(&answer.bytes),
            }), "{path}");
            for key in ["outcome", "request_id", "actor", "object_type", "object_id", "ip_address"] {
                assert_eq!(begun[key], ended[key], "{path} {key}");
            }
            assert_eq!(ended["request_id"], answer.header("x-request-id"));
            assert_eq!(answer.header("unencoded-digest"), "", "{path}");
        }
    }

    /// Counting reads everything, and the first byte would wait for it.
    async fn nothing_is_counted_before_an_export_begins(app) {
        app.a_case().held().create().await;
        let admin = app.as_admin().await;
        for path in [
            "audit-log/export.ndjson", "audit-log/export.csv", "exports/cases.csv", "exports/users.ndjson",
            "reports/case-changes.csv", "reports/system-events.csv", "reports/quality-review-audit.csv",
            "reports/user-activity/users.csv",
        ] {
            app.statements();
            assert_eq!(admin.get(path).await.status(), 200, "{path}");
            let counting: Vec<String> = app.statements().into_iter().filter(|sql| sql.starts_with("SELECT COUNT")).collect();
            assert!(counting.is_empty(), "{path}: {counting:?}");
        }
    }

    async fn an_export_up_to_a_bound_has_one_entry_and_a_longer_one_two(app) {
        let admin = app.as_admin().await;
        for (count, entries) in [(14, 2), (2, 3)] {
            fill(app, count).await;
            let mark = app.mark().await;
            let answer = admin.get("audit-log/export.ndjson?category=other").await;
            assert_eq!((answer.bytes.len() <= 256 * 1024, app.since(&mark).await.len()), (entries == 2, entries));
        }
    }

    async fn an_aborted_export_leaves_a_second_entry_without_a_digest(app) {
        fill(app, 1_500).await;
        let token = app.as_admin().await.token().to_owned();
        let mark = app.mark().await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 << 10).unwrap();
        let mut wire = socket.connect(app.base.trim_start_matches("http://").parse().unwrap()).await.unwrap();
        let path = "/api/v1/audit-log/export.ndjson?category=other";
        let head = format!("GET {path} HTTP/1.1\r\nHost: casetrail\r\nAuthorization: Bearer {token}\r\n\r\n");
        wire.write_all(head.as_bytes()).await.unwrap();
        let mut beginning = [0; 4_096];
        wire.read_exact(&mut beginning).await.unwrap();
        assert!(beginning.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&beginning));
        drop(wire);

        let trail = nth_since(app, &mark, 3).await;

        assert_eq!(actions(&trail), ["audit_log_accessed", "export_generated", "export_generated"]);
        let (begun, ended) = (&trail[1], &trail[2]);
        assert_eq!((&ended["outcome"], &ended["metadata"]["event"]), (&json!("failure"), &json!("export_aborted")));
        assert_eq!((&begun["metadata"]["event"], &begun["metadata"]["record_count"]), (&json!("export_started"), &Json::Null));
        assert_eq!(ended["description"], "Export of audit_log aborted");
        assert!(ended["metadata"]["record_count"].as_u64().unwrap() < 1_500, "{ended}");
        assert!(ended["metadata"]["size_bytes"].as_u64().unwrap() > 0 && ended["metadata"].get("sha256").is_none(), "{ended}");
        assert_eq!((&begun["request_id"], &begun["actor"]), (&ended["request_id"], &ended["actor"]));
    }

    async fn an_export_whose_end_cannot_be_recorded_is_incomplete(app) {
        fill(app, 1_500).await;
        let token = app.as_admin().await.token().to_owned();
        let mark = app.mark().await;
        let mut wire = tokio::net::TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        let path = "/api/v1/audit-log/export.ndjson?category=other";
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        wire.write_all(head.as_bytes()).await.unwrap();
        nth_since(app, &mark, 2).await;
        app.refuse_entries().await;
        let mut answer = Vec::new();
        let _ = wire.read_to_end(&mut answer).await;
        app.accept_entries().await;
        assert!(answer.starts_with(b"HTTP/1.1 200 ") && !answer.ends_with(b"\r\n\r\n"));
        assert_eq!(app.since(&mark).await.len(), 2);
    }
}
