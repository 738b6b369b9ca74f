//! A refused document leaves nothing: no row, no entry, no file.

use super::{PDF, pay_stub, rows, stored};
use crate::app::{Fault, Form, TestApp};
use entity::db::Limits;
use reqwest::Method;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Longer than anything here takes, even on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

fn other() -> Form {
    Form::new().text("document_type", "other")
}

fn report(number: &str) -> Form {
    Form::new().text("document_type", "report").text("report_number", number).file("report.pdf", "application/pdf", PDF)
}

async fn assert_nothing_left(app: &TestApp, mark: &[serde_json::Value], what: &str) {
    assert_eq!((rows(app).await, stored(app)), (0, Vec::new()), "{what}");
    assert_eq!(app.since(mark).await.len(), 0, "{what}");
}

on_each_database! {
    async fn an_invalid_form_is_refused_by_field(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let long = "x".repeat(2_001);
        for (form, fault) in [
            (other(), "/file required"),
            (Form::new().file("a.pdf", "application/pdf", PDF), "/document_type required"),
            (Form::new().text("document_type", "letter").file("a.pdf", "", PDF), "/document_type unknown_value"),
            (Form::new().text("document_type", "report").file("a.pdf", "", PDF), "/report_number required"),
            (other().text("report_number", "1").file("a.pdf", "", PDF), "/report_number not_allowed"),
            (report("0"), "/report_number range"),
            (report("11"), "/report_number range"),
            (report("4"), "/report_number range"),
            (report("one"), "/report_number type"),
            (report(""), "/report_number type"),
            (pay_stub().text("notes", long), "/notes length"),
            (pay_stub().text("notes", "a\0b"), "/notes nul_character"),
            (pay_stub().text("title", "mine"), "/title unknown_field"),
            (other().file("a.pdf", "application/pdf", b""), "/file length"),
            (other().file("", "application/pdf", PDF), "/file filename"),
            (other().file("..", "application/pdf", PDF), "/file filename"),
            (other().file("a\u{202E}fdp.exe", "application/pdf", PDF), "/file filename"),
            (other().file(&"é".repeat(256), "application/pdf", PDF), "/file filename"),
            (other().file("a.exe", "application/octet-stream", b"MZ\x90\0\x03"), "/file content_type"),
            (other().file("a.html", "text/html", b"<!DOCTYPE html><script>alert(1)</script>"), "/file content_type"),
            (other().file("a.png", "image/png", PDF), "/file content_type_mismatch"),
            (other().file("a.csv", "text/csv", b"MZ\x90\0\x03\0\0\0"), "/file content_type"),
            (other().file("a.csv", "text/csv", b"\x1f\x8b\x08\0\0\0\0\0"), "/file content_type"),
            (other().file("a.txt", "text/plain", b"a\0\x01\x02\xff"), "/file content_type"),
            (other().file("a.txt", "text/plain", b"<\0s\0c\0r\0i\0p\0t\0>\0a\0"), "/file content_type"),
            (other().file("a.csv", "text/csv", PDF), "/file content_type_mismatch"),
            (other().file("a.csv", "application/vnd.ms-excel", PDF), "/file content_type_mismatch"),
        ] {
            let answer = by.upload(&case.url("documents"), &form).await;
            let problem = answer.expect_problem(422, "validation_failed");
            let named = problem["errors"].as_array().unwrap().iter().map(|error| {
                format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
            });
            assert_eq!(named.collect::<Vec<_>>(), [fault]);
            assert_nothing_left(app, &mark, fault).await;
        }
    }

    async fn a_form_accepts_values_of_the_maximum_length(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let form = other().text("notes", "é".repeat(2_000)).file(&"é".repeat(255), "", PDF);
        by.upload(&case.url("documents"), &form).await.expect(201);
        by.upload(&case.url("documents"), &report("3")).await.expect(201);
    }

    async fn a_malformed_form_is_refused(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let whole = pay_stub();
        let cut = whole.bytes()[..whole.bytes().len() - 40].to_vec();
        let twice = pay_stub().text("document_type", "other");
        let long = Form::new().text("notes", "x".repeat(70_000));
        for (kind, bytes, status, code) in [
            ("application/json".to_owned(), b"{}".to_vec(), 415, "unsupported_media_type"),
            ("multipart/mixed; boundary=x".to_owned(), b"--x--\r\n".to_vec(), 415, "unsupported_media_type"),
            ("multipart/form-data".to_owned(), whole.bytes(), 400, "malformed_multipart"),
            ("multipart/form-data; boundary=other".to_owned(), whole.bytes(), 400, "malformed_multipart"),
            (whole.kind(), cut, 400, "malformed_multipart"),
            (whole.kind(), Vec::new(), 400, "malformed_multipart"),
            (twice.kind(), twice.bytes(), 400, "malformed_multipart"),
            (whole.kind(), pay_stub().text("notes", b"caf\xe9").bytes(), 400, "malformed_multipart"),
            (long.kind(), long.bytes(), 413, "payload_too_large"),
        ] {
            let answer = by.send_raw(Method::POST, &case.url("documents"), Some((&kind, bytes))).await;
            answer.expect_problem(status, code);
            assert_nothing_left(app, &mark, &kind).await;
        }
    }

    async fn a_document_whose_entry_cannot_be_written_is_not_added(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        app.refuse_entries().await;
        by.upload(&case.url("documents"), &pay_stub()).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        assert_nothing_left(app, &mark, "the entry").await;
        by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    }

    async fn a_document_that_cannot_be_stored_is_not_added(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let (place, aside) = (app.documents.path().to_owned(), app.documents.path().with_extension("aside"));
        std::fs::rename(&place, &aside).unwrap();
        std::fs::write(&place, b"in the way").unwrap();
        by.upload(&case.url("documents"), &pay_stub()).await.expect_problem(503, "storage_unavailable");
        std::fs::remove_file(&place).unwrap();
        std::fs::rename(&aside, &place).unwrap();
        assert_nothing_left(app, &mark, "the storage").await;
        by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    }

    async fn an_aborted_upload_leaves_nothing(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        // More than is kept in memory, so that a file already exists, and less than was announced.
        let bytes = other().file("a.pdf", "application/pdf", &[PDF, &[b'x'; 8 << 20]].concat()).bytes();
        let head = format!(
            "POST /api/v1/{} HTTP/1.1\r\nHost: casetrail\r\nAuthorization: Bearer {}\r\nContent-Type: {}\r\n\
             Content-Length: {}\r\n\r\n",
            case.url("documents"), by.token(), other().kind(), bytes.len(),
        );
        let mut wire = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        wire.write_all(head.as_bytes()).await.unwrap();
        wire.write_all(&bytes[..7 << 20]).await.unwrap();
        until(|| !stored(app).is_empty()).await;
        drop(wire);
        until(|| stored(app).is_empty()).await;
        assert_nothing_left(app, &mark, "hung up").await;
    }
}

/// PostgreSQL only: with SQLite there is no connection that could be lost.
#[tokio::test]
async fn an_upload_that_was_not_committed_leaves_no_file() {
    let Some((app, proxy)) = TestApp::start_behind_a_proxy(Limits::default().decision).await else { return };
    let (case, by) = (app.a_case().accepted().create().await, app.as_manager().await);
    let mark = app.mark().await;
    proxy.at_next_commit(Fault::BeforeCommit);
    by.upload(&case.url("documents"), &pay_stub()).await.expect_problem(503, "unavailable");
    assert_nothing_left(&app, &mark, "not committed").await;
    proxy.at_next_commit(Fault::AfterCommit);
    by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    assert_eq!((rows(&app).await, stored(&app).len()), (1, 1));
    app.finish().await;
}

async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time");
}
