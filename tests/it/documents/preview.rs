//! A preview reads a document range by range: one download, and one entry.

use super::{PDF, id, pay_stub};
use crate::app::{TestApp, actions};
use chrono::TimeDelta;
use serde_json::{Value as Json, json};

/// The path of a new document's content.
async fn content(app: &TestApp) -> String {
    let case = app.a_case().accepted().create().await;
    let added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    format!("documents/{}/content", id(&added))
}

/// The number of requests that each download's entry reports as counted before it.
fn folded(trail: &[Json]) -> Vec<Option<u64>> {
    assert!(trail.iter().all(|entry| entry["action_type"] == "document_downloaded" && entry["outcome"] == "success"));
    trail.iter().map(|entry| entry["metadata"]["folded_count"].as_u64()).collect()
}

on_each_database! {
    async fn ranges_of_one_reader_within_fifteen_minutes_are_one_download(app) {
        let path = content(app).await;
        let read = async |range: &str| {
            // An access token lasts ten minutes, less than a download.
            let by = app.as_manager().await;
            let by = if range.is_empty() { by } else { by.clone().with("Range", range) };
            let answer = by.get(&path).await;
            assert!([200, 206].contains(&answer.status()), "{}", answer.text);
        };
        app.as_manager().await;
        let mark = app.mark().await;
        for (minutes, range, entries) in [
            (0, "", 1),
            (0, "bytes=0-3", 1),
            (1, "bytes=4-9", 1),
            (13, "bytes=-6", 1),
            // Fifteen minutes after the entry.
            (1, "bytes=4-", 2),
            (14, "bytes=0-", 2),
            // A request without a range is a download of its own, and ranges belong to the last one.
            (0, "", 3),
            (0, "bytes=0-1,4-5", 4),
            (0, "lines=1-2", 5),
            (14, "bytes=0-3", 5),
            (1, "bytes=0-3", 6),
        ] {
            app.pass(TimeDelta::minutes(minutes));
            read(range).await;
            assert_eq!(app.since(&mark).await.len(), entries, "{range} after {minutes} minutes");
        }
        let trail = app.since(&mark).await;
        assert_eq!(folded(&trail), [None, Some(3), Some(1), None, None, Some(1)], "each entry tells what was counted before it");
        assert_eq!(trail[1]["metadata"]["range"], format!("4-{}", PDF.len() - 1));
    }

    async fn a_preview_that_begins_with_a_range_is_recorded_with_it(app) {
        let path = content(app).await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let first = by.clone().with("Range", "bytes=0-3").get(&path).await;
        first.expect(206);
        assert_eq!(actions(&app.since(&mark).await), ["document_downloaded"], "before the answer is sent");
        let tag = first.header("etag").to_owned();
        for (if_range, status) in [(tag.as_str(), 206), ("\"another\"", 200), ("Tue, 01 Dec 2026 15:00:00 GMT", 200)] {
            let answer = by.clone().with("Range", "bytes=4-7").with("If-Range", if_range).get(&path).await;
            assert_eq!((answer.status(), answer.header("etag")), (status, tag.as_str()), "{if_range}");
            assert_eq!(answer.bytes, if status == 206 { &PDF[4..=7] } else { PDF }, "{if_range}");
        }
        let trail = app.since(&mark).await;
        assert_eq!((trail.len(), &trail[0]["metadata"]["range"]), (1, &json!("0-3")));
        let long = by.clone().with("If-Range", &"x".repeat(201)).get(&path).await;
        long.expect_problem(400, "invalid_header");
        assert_eq!(long.faults(), ["header /If-Range"]);
        let beyond = by.clone().with("Range", "bytes=99999-").with("If-Range", &tag).get(&path).await;
        beyond.expect_problem(416, "range_not_satisfiable");
        assert_eq!(app.since(&mark).await.len(), 1);
    }

    async fn each_reader_and_each_document_has_downloads_of_its_own(app) {
        let (one, other) = (content(app).await, content(app).await);
        let readers = [app.as_manager().await, app.as_admin().await, app.as_member().await];
        let mark = app.mark().await;
        for _ in 0..3 {
            for by in &readers {
                for path in [&one, &other] {
                    by.clone().with("Range", "bytes=0-3").get(path).await.expect(206);
                }
            }
        }
        let trail = app.since(&mark).await;
        assert_eq!(folded(&trail), [None; 6]);
        let pairs: std::collections::BTreeSet<String> =
            trail.iter().map(|entry| format!("{} {}", entry["actor"]["id"], entry["document"]["id"])).collect();
        assert_eq!(pairs.len(), 6);
    }

    async fn ranges_that_are_read_at_once_are_one_download(app) {
        let path = content(app).await;
        let by = app.as_manager().await.with("Range", "bytes=0-3");
        let mark = app.mark().await;
        let answers = futures_util::future::join_all((0..8).map(|_| by.get(&path))).await;
        answers.iter().for_each(|answer| assert_eq!(answer.status(), 206, "{}", answer.text));
        assert_eq!(folded(&app.since(&mark).await), [None]);
        app.pass(TimeDelta::minutes(15));
        app.as_manager().await.with("Range", "bytes=0-3").get(&path).await.expect(206);
        assert_eq!(folded(&app.since(&mark).await), [None, Some(7)]);
    }

    async fn a_preview_needs_its_entry_and_its_right_each_time(app) {
        let path = content(app).await;
        let by = app.as_manager().await.with("Range", "bytes=0-3");
        app.refuse_entries().await;
        by.get(&path).await.expect_problem(503, "audit_unavailable");
        by.get(&path).await.expect_problem(503, "audit_unavailable");
        app.accept_entries().await;
        let mark = app.mark().await;
        by.get(&path).await.expect(206);
        assert_eq!(folded(&app.since(&mark).await), [None], "what was refused counts as no download");
        let stranger = app.user("member2", entity::user::Role::Member, None).await;
        let stranger = app.as_user(&stranger).await.with("Range", "bytes=0-3");
        stranger.get(&path).await.expect_problem(404, "not_found");
    }
}
