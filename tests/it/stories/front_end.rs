//! A front-end developer: the table of cases with its badges, the page of one case, the alerts, and a document's preview.

use super::{column, row};
use crate::app::{Client, Scene, TestApp, actions, at};
use crate::documents::{PDF, id, pay_stub};
use entity::user::{self, Role};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The orders of the table, each with the field that it compares.
const ORDERS: [(&str, &str); 10] = [
    ("case_number", "/case_number"),
    ("employee_last_name", "/employee_last_name"),
    ("status", "/status"),
    ("urgency", "/urgency"),
    ("tier", "/tier"),
    ("member", "/member/full_name"),
    ("assigned_to", "/assigned_to/full_name"),
    ("created_at", "/created_at"),
    ("due_on", "/due_on"),
    ("updated_at", "/updated_at"),
];

/// Four cases of two members: a draft, one submitted, one accepted, and one on hold with a document and a note.
struct FrontEnd {
    other: user::Model,
    held: Scene,
    accepted: Scene,
}

impl FrontEnd {
    async fn arrange(app: &TestApp) -> Self {
        let other = app.user("member2", Role::Member, None).await;
        let held = app.a_case().assigned_to(&app.tech(2).await).accepted().create().await;
        let accepted = app.a_case().owned_by(&other).accepted().create().await;
        app.a_case().submitted().create().await;
        app.a_case().create().await;
        app.as_member().await.upload(&held.url("documents"), &pay_stub()).await.expect(201);
        let manager = app.as_manager().await;
        manager.post(&held.url("notes"), json!({"body": "They called.", "visibility": "internal"})).await.expect(201);
        let hold = json!({"reason": "passport missing", "hold_duration_days": 14});
        manager.post(&held.url("hold"), hold).await.expect(200);
        Self { other, held, accepted }
    }
}

/// The number of cases that the list contains.
async fn total(by: &Client<'_>, query: &str) -> Json {
    by.get(&format!("cases?limit=1&include_total=true&{query}")).await.expect(200)["page"]["total"].clone()
}

/// Edits, assigns and holds a case, and corrects the hold; what is refused first names its field.
async fn work_on(app: &TestApp, case: &Scene) {
    let (by, member) = (app.as_manager().await, app.as_member().await);
    let edit = json!({"employee_last_name": "Mosse"}).to_string().into_bytes();
    let edited = by.send_raw(Method::PATCH, &case.path(), Some(("application/merge-patch+json", edit))).await;
    assert_eq!(edited.expect(200)["employee_last_name"], "Mosse");

    let refused = by.post(&case.url("assign"), json!({"assigned_to": member.id(), "reason": "on leave"})).await;
    refused.expect_problem(409, "not_assignable");
    assert_eq!(refused.faults(), ["body /assigned_to"]);
    let choices = by.get(&case.url("assignees")).await.expect(200)["data"].clone();
    let choice = row(&choices, "username", "tech2")["id"].clone();
    by.post(&case.url("assign"), json!({"assigned_to": choice, "reason": "on leave"})).await.expect(200);

    by.post(&case.url("hold"), json!({"reason": "passport missing", "hold_duration_days": 2})).await.expect(200);
    let correction = json!({"reason": "passport and pay stub missing", "hold_duration_days": 5});
    let changed = by.patch(&case.url("hold"), correction).await.expect(200);
    assert_eq!(changed["hold"]["expected_end_at"], "2026-12-06T15:00:00.000Z");
}

on_each_database! {
    async fn a_front_end_shows_the_table_of_cases_with_its_badges(app) {
        let front_end = FrontEnd::arrange(app).await;
        let by = app.as_manager().await;
        let mark = app.mark().await;

        // One request has all that the rows show.
        let list = by.get("cases?sort=status&limit=200").await.expect(200)["data"].clone();
        assert_eq!(column(&list, "/status"), ["draft", "submitted", "accepted", "hold"]);
        let held = row(&list, "id", &front_end.held.id());
        assert_eq!(held["hold"], json!({
            "reason": "passport missing", "held_at": "2026-12-01T15:00:00.000Z", "duration_days": 14.0,
            "expected_end_at": "2026-12-15T15:00:00.000Z",
        }));
        let numbers = ["document_count", "note_count", "num_reports_requested"].map(|number| held[number].clone());
        assert_eq!(numbers, [1, 1, 3]);
        assert!(["submitted_at", "accepted_at"].iter().all(|time| held[*time].is_string()), "{held}");
        assert!(held["completed_at"].is_null() && held["release"].is_null(), "{held}");
        for action in ["resume", "change_hold", "assign"] {
            assert!(held["allowed_actions"].as_array().unwrap().contains(&json!(action)), "{action}: {held}");
        }

        // One more for each row of badges, with the table's filters.
        let badges = by.get("cases/counts?by=status").await.expect(200);
        let rows = badges["data"].as_array().unwrap();
        let counts: BTreeMap<&str, i64> =
            rows.iter().map(|row| (row["key"].as_str().unwrap(), row["count"].as_i64().unwrap())).collect();
        assert_eq!(counts, BTreeMap::from([("draft", 1), ("submitted", 1), ("accepted", 1), ("hold", 1)]));
        let badges = by.get("cases/counts?by=assignee&status=accepted&status=hold").await.expect(200);
        assert_eq!((&badges["total_cases"], &badges["total_groups"]), (&json!(2), &json!(2)));
        for label in ["Ada tech2", "Ada tech3"] {
            let badge = row(&badges["data"], "label", label);
            let filter = format!("status=accepted&status=hold&assigned_to={}", badge["key"].as_str().unwrap());
            assert_eq!(total(&by, &filter).await, badge["count"], "{label}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_front_end_sorts_and_filters_the_table_of_cases(app) {
        let front_end = FrontEnd::arrange(app).await;
        let by = app.as_manager().await;
        for (order, field) in ORDERS {
            let upwards = by.get(&format!("cases?sort={order}")).await.expect(200);
            let downwards = by.get(&format!("cases?sort=-{order}")).await.expect(200);
            let mut reversed = column(&downwards["data"], field);
            reversed.reverse();
            assert_eq!((column(&upwards["data"], field), reversed.len()), (reversed, 4), "{order}");
        }
        let (two, three) = (app.tech(2).await.id, app.tech(3).await.id);
        for (filter, count) in [
            (format!("assigned_to={two}"), 1),
            (format!("assigned_to={two}&assigned_to={three}"), 2),
            (format!("member_id={}", front_end.other.id), 1),
            (format!("member_id={}&member_id={}", front_end.other.id, front_end.held.case.member_id), 4),
            ("due_after=2026-12-14".to_owned(), 4),
            ("due_after=2026-12-15".to_owned(), 0),
            ("is_overdue=true".to_owned(), 0),
        ] {
            assert_eq!(total(&by, &filter).await, json!(count), "{filter}");
        }

        // The cases were due on the fifteenth.
        app.clock.set(at("2026-12-17T15:00:00Z"));
        let by = app.as_manager().await;
        assert_eq!(total(&by, "is_overdue=true&status=accepted&status=hold").await, 2);
        by.patch(&front_end.accepted.path(), json!({"due_on": "2026-12-31"})).await.expect(200);
        assert_eq!(total(&by, "is_overdue=true&status=accepted&status=hold").await, 1);
        let changed = by.get("cases?sort=updated_at&updated_since=2026-12-17T00:00:00Z").await.expect(200);
        assert_eq!(column(&changed["data"], "/id"), [front_end.accepted.id()]);

        let done = app.a_case().completed().create().await;
        let list = by.get("cases?status=completed").await.expect(200)["data"].clone();
        let shown = row(&list, "id", &done.id());
        let now = json!("2026-12-17T15:00:00.000Z");
        assert_eq!((&shown["completed_at"], &shown["release"]["released_at"]), (&now, &now));
    }

    async fn a_front_end_changes_a_case_and_shows_its_trail(app) {
        let case = app.a_case().accepted().create().await;
        let assignee = app.tech(2).await;
        app.as_manager().await;
        let mark = app.mark().await;

        work_on(app, &case).await;

        let mut trail = app.since(&mark).await;
        trail.retain(|entry| entry["outcome"] == "success");
        assert_eq!(actions(&trail), ["case_details_edited", "case_reassigned", "case_held", "case_updated"]);
        assert_eq!(trail[3]["metadata"]["event"], "hold_changed");

        // From the beginning, with the labels of fields and the names of people.
        let path = format!("{}?sort=occurred_at&limit=200", case.url("audit-trail"));
        let shown = app.as_manager().await.get(&path).await.expect(200);
        let entries = shown["data"].as_array().unwrap();
        assert_eq!(entries[0]["action_type"], "case_created");
        let assigned = entries.iter().rfind(|entry| entry["action_type"] == "case_reassigned").unwrap();
        assert_eq!(assigned["changes"]["assigned_to_id"], json!({
            "field_label": "Assigned to", "from": case.case.assigned_to_id, "from_label": "Ada tech3", "to": assignee.id,
            "to_label": "Ada tech2",
        }));
        let corrected = entries.iter().rfind(|entry| entry["metadata"]["event"] == "hold_changed").unwrap();
        assert_eq!(corrected["changes"]["hold_reason"]["to"], "passport and pay stub missing");
    }

    async fn a_front_end_counts_and_clears_the_unread_alerts(app) {
        let case = app.a_case().accepted().create().await;
        let manager = app.as_manager().await;
        manager.post(&case.url("hold"), json!({"reason": "passport missing"})).await.expect(200);
        manager.post(&case.url("resume"), json!({"reason": "it came"})).await.expect(200);
        let by = app.as_member().await;
        let mark = app.mark().await;

        assert_eq!(by.get("auth/me").await.expect(200)["unread_alerts"], 2);
        let unread = by.get("alerts?is_read=false").await.expect(200);
        assert_eq!(column(&unread["data"], "/kind"), ["case_resumed", "case_held"]);
        assert_eq!(by.post("alerts/read-all", json!({})).await.expect(200), json!({"read_count": 2}));

        assert_eq!(by.get("auth/me").await.expect(200)["unread_alerts"], 0);
        assert_eq!(by.get("alerts?is_read=false").await.expect(200)["data"], json!([]));
        assert_eq!(by.get("alerts?is_read=true").await.expect(200)["data"].as_array().unwrap().len(), 2);
        assert_eq!(app.since(&mark).await.len(), 0, "alerts are the reader's own");
    }

    async fn a_front_end_previews_a_document_as_one_download(app) {
        let case = app.a_case().accepted().create().await;
        let added = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let path = format!("documents/{}/content", id(&added));
        let by = app.as_tech(3).await;
        let mark = app.mark().await;

        let first = by.clone().with("Range", "bytes=0-15").get(&path).await;
        first.expect(206);
        let tag = first.header("etag").to_owned();
        let rest = by.clone().with("Range", "bytes=16-").with("If-Range", &tag).get(&path).await;
        rest.expect(206);

        assert_eq!([first.bytes, rest.bytes].concat(), PDF);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_downloaded"]);
        assert_eq!((&trail[0]["metadata"]["range"], &trail[0]["document"]["id"]), (&json!("0-15"), &added["id"]));
    }
}
