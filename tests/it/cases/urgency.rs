//! The urgency of a draft: what its due date requires on this day, or what was requested.

use crate::app::{Client, TestApp, actions, at};
use entity::user::Role;
use serde_json::{Value as Json, json};

/// Creates a draft.
async fn draft(by: &Client<'_>, due_on: &str, more: Json) -> Json {
    let mut body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "due_on": due_on});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    by.post("cases", body).await.expect(201)
}

fn path(case: &Json, operation: &str) -> String {
    format!("cases/{}{operation}", case["id"].as_str().unwrap())
}

/// The days on which the listed cases are due.
async fn due(by: &Client<'_>, query: &str) -> Vec<String> {
    let list = by.get(&format!("cases?sort=due_on&include_total=true&{query}")).await.expect(200);
    let rows = list["data"].as_array().unwrap();
    assert_eq!(list["page"]["total"], rows.len());
    rows.iter().map(|row| row["due_on"].as_str().unwrap().to_owned()).collect()
}

/// The urgency of a draft, as the case itself, the list, the filter and both exports have it.
async fn urgency(app: &TestApp, case: &Json) -> Json {
    let by = app.as_manager().await;
    let urgency = by.get(&path(case, "")).await.expect(200)["urgency"].clone();
    let list = by.get("cases?limit=200").await.expect(200);
    let row = |rows: &[Json]| rows.iter().find(|row| row["id"] == case["id"]).unwrap()["urgency"].clone();
    assert_eq!(row(list["data"].as_array().unwrap()), urgency, "the list");
    let found = by.get(&format!("cases?urgency={}", urgency.as_str().unwrap())).await.expect(200);
    assert_eq!(row(found["data"].as_array().unwrap()), urgency, "the filter");
    let exported = by.get("exports/cases.ndjson").await.text;
    let rows: Vec<Json> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(row(&rows), urgency, "NDJSON");
    let csv = by.get("exports/cases.csv").await.text;
    let line = csv.lines().find(|line| line.starts_with(case["id"].as_str().unwrap())).unwrap();
    assert!(line.contains(&format!(",{},{}", urgency.as_str().unwrap(), case["due_on"].as_str().unwrap())), "CSV: {line}");
    urgency
}

on_each_database! {
    async fn a_draft_that_is_due_soon_is_shown_and_found_as_a_rush(app) {
        let by = app.as_member().await;
        let near = draft(&by, "2026-12-04", json!({})).await;
        let last = draft(&by, "2026-12-07", json!({})).await;
        let next = draft(&by, "2026-12-08", json!({})).await;
        let requested = draft(&by, "2026-12-20", json!({"urgency": "rush"})).await;
        let shown = [&near, &last, &next, &requested].map(|case| case["urgency"].clone());
        assert_eq!(json!(shown), json!(["rush", "rush", "normal", "rush"]));
        for (case, expected) in [(&near, "rush"), (&last, "rush"), (&next, "normal"), (&requested, "rush")] {
            assert_eq!(urgency(app, case).await, expected);
        }
        for by in [&by, &app.as_manager().await] {
            assert_eq!(due(by, "urgency=rush").await, ["2026-12-04", "2026-12-07", "2026-12-20"]);
            assert_eq!(due(by, "urgency=normal").await, ["2026-12-08"]);
            assert_eq!(due(by, "urgency=rush&status=draft&due_before=2026-12-07").await, ["2026-12-04"]);
            assert_eq!(due(by, "urgency=rush&status=submitted").await, [""; 0]);
        }
        // The log has what was requested.
        let trail = app.all_entries().await;
        let created = trail.iter().find(|entry| entry["object_id"] == near["id"]).unwrap();
        assert_eq!(created["changes"]["urgency"], json!({"from": null, "to": "normal"}));
    }

    async fn a_draft_becomes_a_rush_at_midnight_of_the_settings_zone_and_with_the_threshold(app) {
        let case = draft(&app.as_member().await, "2026-12-15", json!({})).await;
        let other = draft(&app.as_member().await, "2026-12-15", json!({})).await;
        app.as_member().await.post(&path(&other, "/submit"), json!({})).await.expect(200);
        let tag = async || app.as_member().await.get(&path(&case, "")).await.header("etag").to_owned();
        app.clock.set(at("2026-12-09T05:59:59.999Z"));
        assert_eq!(urgency(app, &case).await, "normal");
        let before = tag().await;
        app.clock.set(at("2026-12-09T06:00:00Z"));
        assert_eq!(urgency(app, &case).await, "rush");
        assert_eq!(app.as_member().await.with("If-None-Match", &before).get(&path(&case, "")).await.status(), 200);
        let by = app.as_admin().await;
        assert_eq!(by.get(&path(&case, "")).await.expect(200)["version"], 1, "nothing was written");
        assert_eq!(by.get(&path(&other, "")).await.expect(200)["urgency"], "normal", "a submitted case stays as it is");
        by.patch("settings", json!({"rush_case_threshold_days": 6})).await.expect(200);
        assert_eq!(urgency(app, &case).await, "normal");
        // In Tokyo it is the afternoon of the 9th, and from 15:00 UTC the 10th.
        by.patch("settings", json!({"time_zone": "Asia/Tokyo"})).await.expect(200);
        assert_eq!(urgency(app, &case).await, "normal");
        app.clock.set(at("2026-12-09T15:00:00Z"));
        assert_eq!(urgency(app, &case).await, "rush");
    }

    async fn submitting_a_rush_that_was_not_requested_has_to_be_confirmed(app) {
        let by = app.as_member().await;
        let near = draft(&by, "2026-12-04", json!({})).await;
        let requested = draft(&by, "2026-12-04", json!({"urgency": "rush"})).await;
        let later = draft(&by, "2026-12-04", json!({})).await;
        let withdrawn = draft(&by, "2026-12-04", json!({"urgency": "rush"})).await;
        let submit = async |case: &Json, body: Json| by.post(&path(case, "/submit"), body).await;

        let problem = submit(&near, json!({})).await.expect_problem(409, "rush_confirmation_required");
        assert_eq!(problem["rush_fee"], 20);
        let mark = app.mark().await;
        assert_eq!(submit(&near, json!({"confirm_rush": true})).await.expect(200)["urgency"], "rush");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_submitted"]);
        assert_eq!(trail[0]["changes"]["urgency"], json!({"from": "normal", "to": "rush"}));
        assert_eq!(submit(&requested, json!({})).await.expect(200)["urgency"], "rush", "requested at creation");
        by.patch(&path(&later, ""), json!({"urgency": "rush"})).await.expect(200);
        assert_eq!(submit(&later, json!({})).await.expect(200)["urgency"], "rush", "requested by an edit");
        let shown = by.patch(&path(&withdrawn, ""), json!({"urgency": "normal"})).await.expect(200);
        assert_eq!(shown["urgency"], "rush", "the due date still requires it");
        submit(&withdrawn, json!({})).await.expect_problem(409, "rush_confirmation_required");
        let far = by.patch(&path(&withdrawn, ""), json!({"due_on": "2026-12-20"})).await.expect(200);
        assert_eq!(far["urgency"], "normal");
        assert_eq!(submit(&withdrawn, json!({})).await.expect(200)["urgency"], "normal");
        assert_eq!(due(&by, "urgency=rush").await, ["2026-12-04"; 3]);
    }

    async fn a_case_of_another_member_is_found_by_those_who_see_it(app) {
        let other = app.user("member2", Role::Member, None).await;
        draft(&app.as_user(&other).await, "2026-12-04", json!({})).await;
        assert_eq!(due(&app.as_member().await, "urgency=rush").await, [""; 0]);
        assert_eq!(due(&app.as_tech(3).await, "urgency=rush").await, [""; 0], "no technician sees a draft");
        assert_eq!(due(&app.as_admin().await, "urgency=rush").await, ["2026-12-04"]);
    }
}
