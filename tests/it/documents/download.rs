//! Getting and downloading a document.

use super::{PDF, id, pay_stub, stored};
use crate::app::{Form, actions, at};
use crate::contract::recipes::add_report;
use reqwest::Method;
use serde_json::json;

on_each_database! {
    async fn viewing_a_document_is_recorded(app) {
        let case = app.a_case().accepted().create().await;
        let mut added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let by = app.as_tech(2).await;
        let mark = app.mark().await;
        let answer = by.get(&format!("documents/{}", id(&added))).await;
        let seen = answer.expect(200);
        // Only its uploader may delete it.
        for member in ["allowed_actions", "blocked_actions"] {
            assert_ne!(seen[member], added[member]);
            added[member] = seen[member].clone();
        }
        assert_eq!(seen, added);
        assert_eq!((answer.header("etag"), answer.header("cache-control")), ("", "no-store"));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_viewed"]);
        assert_eq!(trail[0]["metadata"], json!({"filename": "pay stub.pdf"}));
        assert_eq!((&trail[0]["document"]["id"], &trail[0]["case"]["id"]), (&added["id"], &json!(case.id())));
    }

    async fn a_document_is_downloaded_unchanged(app) {
        let case = app.a_case().accepted().create().await;
        let form = Form::new().text("document_type", "other").file("Lohn für März.pdf", "", PDF);
        let added = app.as_member().await.upload(&case.url("documents"), &form).await.expect(201);
        let by = app.as_manager().await.with("Accept-Encoding", "gzip, br");
        let mark = app.mark().await;

        let answer = by.get(&format!("documents/{}/content", id(&added))).await;

        answer.expect(200);
        assert_eq!(answer.bytes, PDF);
        assert_eq!(answer.header("content-length"), PDF.len().to_string());
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-encoding"), "");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert!(answer.header("repr-digest").starts_with("sha-256=:"));
        let disposition = "attachment; filename=\"Lohn f_r M_rz.pdf\"; filename*=UTF-8''Lohn%20f%C3%BCr%20M%C3%A4rz.pdf";
        assert_eq!(answer.header("content-disposition"), disposition);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_downloaded"]);
        assert_eq!(trail[0]["metadata"], json!({"filename": "Lohn für März.pdf", "file_size": PDF.len()}));
    }

    async fn a_range_is_returned_and_recorded_as_partial_content(app) {
        let case = app.a_case().accepted().create().await;
        let added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let (path, size) = (format!("documents/{}/content", id(&added)), PDF.len());
        let asked = async |range: &str| app.as_manager().await.with("Range", range).get(&path).await;
        app.as_manager().await;
        let mark = app.mark().await;
        for (range, first, last) in [("bytes=0-3", 0, 3), ("bytes=-6", size - 6, size - 1), ("bytes=5-9999", 5, size - 1)] {
            let answer = asked(range).await;
            answer.expect(206);
            assert_eq!(answer.bytes, PDF[first..=last], "{range}");
            assert_eq!(answer.header("content-range"), format!("bytes {first}-{last}/{size}"));
            assert_eq!(answer.header("content-length"), (last - first + 1).to_string());
        }
        let sent_ranges: Vec<_> = app.since(&mark).await.iter().map(|entry| entry["metadata"]["range"].clone()).collect();
        assert_eq!(sent_ranges, [json!("0-3")], "one download");
        assert_eq!(asked("bytes=0-1,4-5").await.bytes, PDF, "several are not taken apart");
        assert_eq!(asked("lines=1-2").await.bytes, PDF);

        let mark = app.mark().await;
        let beyond = asked(&format!("bytes={size}-")).await;
        beyond.expect_problem(416, "range_not_satisfiable");
        assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
        let answer = asked("bytes=9-1").await;
        answer.expect_problem(400, "invalid_header");
        assert_eq!(answer.faults(), ["header /Range"]);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_head_request_is_recorded_too(app) {
        let case = app.a_case().accepted().create().await;
        let added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let path = format!("documents/{}/content", id(&added));
        let answer = by.send(Method::HEAD, &path, None).await;
        assert_eq!((answer.status(), answer.bytes.len()), (200, 0));
        assert_eq!(answer.header("content-length"), PDF.len().to_string());
        assert_eq!(actions(&app.since(&mark).await), ["document_downloaded"]);
    }

    async fn no_content_is_sent_without_its_entry(app) {
        let case = app.a_case().accepted().create().await;
        let added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let by = app.as_manager().await;
        app.refuse_entries().await;
        for path in [format!("documents/{}", id(&added)), format!("documents/{}/content", id(&added))] {
            let answer = by.get(&path).await;
            answer.expect_problem(503, "audit_unavailable");
            assert!(!answer.text.contains("PDF") && answer.header("content-disposition").is_empty());
        }
        app.accept_entries().await;
    }

    async fn a_missing_file_is_not_recorded_as_downloaded(app) {
        let case = app.a_case().accepted().create().await;
        let added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        std::fs::remove_file(app.documents.path().join(&stored(app)[0])).unwrap();
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let answer = by.get(&format!("documents/{}/content", id(&added))).await;
        answer.expect_problem(503, "storage_unavailable");
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_member_sees_the_reports_once_the_result_is_released(app) {
        let case = app.a_case().accepted().create().await;
        let report = add_report(app, &case, 1).await;
        let paths = [format!("documents/{report}"), format!("documents/{report}/content")];
        let seen = async |status: u16| {
            let by = app.as_member().await;
            for path in &paths {
                assert_eq!(by.get(path).await.status(), status, "{path}");
            }
            let listed = by.get(&format!("{}?include_total=true", case.url("documents"))).await.expect(200);
            let trail = by.get(&case.url("audit-trail")).await.expect(200).to_string();
            let sees = status == 200;
            assert_eq!((listed["page"]["total"] == 1, trail.contains("document_uploaded")), (sees, sees));
            assert_eq!(trail.contains("report-1.pdf"), sees);
        };
        seen(404).await;
        let body = json!({"release": "scheduled", "release_at": "2026-12-02T15:00:00Z", "override_incomplete": true});
        app.as_manager().await.post(&case.url("complete"), body).await.expect(200);
        seen(404).await;
        app.clock.set(at("2026-12-02T15:00:00Z"));
        seen(200).await;
    }
}
