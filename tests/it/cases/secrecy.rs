//! A completion that isn't released: the user whose case it is still sees the previous state.

use super::visibility::with_role;
use crate::app::{Client, Form, Scene, TestApp, at};
use entity::user::{Level, Role};
use serde_json::{Value as Json, json};

const LISTS: [&str; 14] = [
    "",
    "?sort=updated_at",
    "?sort=-updated_at",
    "?sort=updated_at&limit=1",
    "?sort=status",
    "?sort=-status",
    "?status=accepted",
    "?status=completed",
    "?status=pending_review",
    "?status=completed&status=accepted",
    "?is_overdue=true",
    "?is_overdue=false",
    "?updated_since=2026-12-01T15:06:00Z",
    "/counts?by=status",
];

/// Everything that a caller reads by which they could notice it: bodies, ETags, lists in each order, filters, counts, documents,
/// audit entries.
async fn read(by: &Client<'_>, case: &Scene) -> Vec<String> {
    let mut noticed = Vec::new();
    for path in LISTS.iter().map(|query| format!("cases{query}")).chain([case.path(), case.url("documents"), case.url("notes")]) {
        let answer = by.get(&path).await;
        // A cursor contains the time at which it was created.
        let mut body = answer.expect(200);
        if let Some(page) = body.get_mut("page") {
            page["next_cursor"] = json!(page["next_cursor"].is_string());
        }
        noticed.push(format!("{path} {} {} {body}", answer.header("etag"), answer.header("cache-control")));
    }
    for field in ["", "?changed_field=status", "?changed_field=completed_at", "?changed_field=scheduled_release_at"] {
        let trail = by.get(&format!("{}{field}", case.url("audit-trail"))).await.expect(200);
        noticed.push(format!("{field} {}", trail["data"]));
    }
    noticed
}

/// The same for the member, with what their attempts are told.
async fn noticed(app: &TestApp, case: &Scene) -> Vec<String> {
    let by = app.as_member().await;
    let mut noticed = read(&by, case).await;
    let stale = app.as_member().await.with("If-Match", "\"999\"").patch(&case.path(), json!({"special_notes": "x"})).await;
    let refused = stale.expect_problem(412, "version_mismatch");
    noticed.push(format!("{} {}", refused["detail"], refused["current_version"]));
    let refused = by.post(&case.url("resubmit"), json!({"notes": "please"})).await.expect_problem(409, "invalid_case_state");
    noticed.push(format!("{} {} {}", refused["detail"], refused["current_status"], refused["allowed_from"]));
    noticed
}

/// What the member is shown of a case, without what tells it from others.
async fn shown(app: &TestApp, case: &Scene) -> Vec<Json> {
    let by = app.as_member().await;
    let seen = by.get(&case.path()).await.expect(200);
    let trail = by.get(&case.url("audit-trail")).await.expect(200);
    let fields = |value: &Json, fields: &[&str]| fields.iter().map(|field| value[*field].clone()).collect::<Json>();
    let told = ["action_type", "occurred_at", "actor", "changes", "metadata", "related_user", "outcome", "description"];
    let entry = |entry: &Json| json!(fields(entry, &told).to_string().replace(case.case.case_number.as_str(), "#"));
    let about = ["status", "version", "updated_at", "assigned_to", "review", "release", "completed_at", "allowed_actions"];
    let counted = trail["data"].as_array().unwrap().len();
    let changes = by.get(&format!("{}?changed_field=completed_at", case.url("audit-trail"))).await.expect(200);
    let entries = trail["data"].as_array().unwrap().iter().map(entry).collect();
    vec![fields(&seen, &about), entries, json!(counted), changes["data"].clone()]
}

async fn act(app: &TestApp, case: &Scene, operation: &str, body: Json) -> Json {
    app.as_tech(3).await.post(&case.url(operation), body).await.expect(200)
}

on_each_database! {
    async fn an_unreleased_completion_changes_nothing_its_member_sees(app) {
        let (earlier, case) = (app.a_case().accepted().create().await, app.a_case().accepted().create().await);
        app.pass(chrono::TimeDelta::minutes(5));
        act(app, &case, "hold", json!({"reason": "wait"})).await;
        act(app, &case, "resume", json!({"reason": "go on"})).await;
        let notes = json!({"report_notes_to_member": "the reports follow"});
        app.as_tech(3).await.patch(&case.path(), notes).await.expect(200);
        app.as_tech(3).await.patch(&earlier.path(), json!({"report_notes_to_member": "later"})).await.expect(200);
        let before = noticed(app, &case).await;
        let tag = app.as_member().await.get(&case.path()).await.header("etag").to_owned();
        assert!(before.iter().any(|text| text.contains("the reports follow")), "{before:#?}");

        app.pass(chrono::TimeDelta::hours(1));
        let scheduled = json!({"override_incomplete": true, "release": "scheduled", "release_at": "2026-12-20T00:00:00Z"});
        let mark = app.mark().await;
        let completed = act(app, &case, "complete", scheduled.clone()).await;
        assert_eq!(completed["status"], "completed");
        assert_eq!(app.since(&mark).await.len(), 1, "the log has it");
        assert_eq!(noticed(app, &case).await, before);
        let known = app.as_member().await.with("If-None-Match", &tag).get(&case.path()).await;
        assert_eq!(known.status(), 304);

        // Undone and done again: still nothing is visible.
        app.pass(chrono::TimeDelta::hours(1));
        act(app, &case, "reopen", json!({"reason": "one more look"})).await;
        assert_eq!(noticed(app, &case).await, before);
        act(app, &case, "complete", scheduled).await;
        assert_eq!(noticed(app, &case).await, before);

        // The member's actions in the meantime are based on the state shown to them.
        let edited = app.as_member().await.with("If-Match", &tag).patch(&case.path(), json!({"special_notes": "call me"})).await;
        let edited = edited.expect(200);
        let shown: i32 = tag.trim_matches('"').split('-').next().unwrap().parse().unwrap();
        assert_eq!((&edited["version"], &edited["status"]), (&json!(shown + 1), &json!("accepted")));
        assert!(edited["updated_at"].as_str().unwrap().starts_with("2026-12-01T17:05:00"), "{edited}");

        app.pass(chrono::TimeDelta::hours(1));
        let released = act(app, &case, "release", json!({})).await;
        let seen = app.as_member().await.get(&case.path()).await.expect(200);
        assert_eq!((&seen["status"], &seen["version"]), (&json!("completed"), &json!(shown + 2)));
        assert_eq!((&seen["updated_at"], &released["version"]), (&released["updated_at"], &json!(shown + 5)));
    }

    async fn an_unreleased_completion_by_a_review_changes_nothing_its_member_sees(app) {
        for (decision, body) in [("approve", json!({})), ("correct", json!({"notes": "a comma"}))] {
            let case = app.a_case().pending_review().create().await;
            app.pass(chrono::TimeDelta::minutes(5));
            let before = noticed(app, &case).await;
            let tag = app.as_member().await.get(&case.path()).await.header("etag").to_owned();
            app.pass(chrono::TimeDelta::hours(1));
            let (by, mut body) = (app.as_tech(3).await, body);
            let mark = app.mark().await;
            body["release"] = json!("scheduled");
            body["release_at"] = json!("2026-12-20T00:00:00Z");
            let decided = by.post(&case.url(&format!("review/{decision}")), body).await.expect(200);
            assert_eq!(decided["status"], "completed");
            assert_eq!(app.since(&mark).await.len(), 2, "the log has it");
            assert_eq!(noticed(app, &case).await, before, "{decision}");
            let known = app.as_member().await.with("If-None-Match", &tag).get(&case.path()).await;
            assert_eq!(known.status(), 304);

            // A member may edit a case in review, as before.
            let by = app.as_member().await.with("If-Match", &tag);
            let edited = by.patch(&case.path(), json!({"special_notes": "call me"})).await.expect(200);
            assert_eq!(edited["status"], "pending_review");

            app.as_manager().await.post(&case.url("release"), json!({})).await.expect(200);
            app.pass(chrono::TimeDelta::milliseconds(1));
            let seen = app.as_member().await.get(&case.path()).await.expect(200);
            let version = edited["version"].as_i64().unwrap() + 1;
            assert_eq!((&seen["status"], &seen["version"]), (&json!("completed"), &json!(version)));
            let trail = app.as_member().await.get(&case.url("audit-trail")).await.expect(200);
            assert!(trail["data"].to_string().contains("moved from pending_review to completed"), "{trail}");
        }
    }

    async fn a_reopened_unreleased_completion_by_a_review_looks_like_one_that_was_sent_back(app) {
        let (sent_back, reopened) = (app.a_case().pending_review().create().await, app.a_case().pending_review().create().await);
        let scheduled = json!({"release": "scheduled", "release_at": "2026-12-20T00:00:00Z"});
        app.as_manager().await.post(&reopened.url("review/approve"), scheduled).await.expect(200);
        app.pass(chrono::TimeDelta::hours(1));
        let by = app.as_manager().await;
        by.post(&sent_back.url("review/request-revisions"), json!({"notes": "again"})).await.expect(200);
        by.post(&reopened.url("reopen"), json!({"reason": "again"})).await.expect(200);
        assert_eq!(shown(app, &reopened).await, shown(app, &sent_back).await);

        // Completed by the assignee's superior this time: no change is visible.
        let senior = json!({"assigned_to": app.tech(3).await.id, "reason": "in a hurry"});
        by.post(&reopened.url("assign"), senior).await.expect(200);
        let before = noticed(app, &reopened).await;
        app.pass(chrono::TimeDelta::hours(1));
        let completion = json!({"override_incomplete": true, "release": "scheduled", "release_at": "2026-12-20T00:00:00Z"});
        act(app, &reopened, "complete", completion).await;
        assert_eq!(noticed(app, &reopened).await, before);
        assert!(before.iter().any(|text| text.contains("\"status\":\"accepted\"")));
    }

    async fn an_unreleased_completion_changes_nothing_for_a_former_member_whatever_their_role(app) {
        for (name, role, level) in [
            ("technician", Role::Technician, Some(Level::Three)),
            ("manager", Role::Manager, None),
            ("administrator", Role::Administrator, None),
        ] {
            let member = app.user(&format!("former.{name}"), Role::Member, None).await;
            let senior = app.tech(3).await;
            let released = app.a_case().owned_by(&member).assigned_to(&senior).completed().create().await;
            let reviewed = app.a_case().owned_by(&member).pending_review().create().await;
            act(app, &reviewed, "review/approve", json!({})).await;
            let former = with_role(app, &member, role, level).await;
            for case in [&released, &reviewed] {
                let (by, staff) = (app.as_user(&former).await, app.as_admin().await);
                staff.post(&case.url("reopen"), json!({"reason": "one more look"})).await.expect(200);
                let report = Form::new().text("document_type", "report").text("report_number", "1");
                let report = report.file("report.pdf", "application/pdf", b"%PDF-1.7 report");
                let report = staff.upload(&case.url("documents"), &report).await.expect(201);
                let mut body = json!({"release": "scheduled", "release_at": "2026-12-20T00:00:00Z"});
                let is_reviewed = case.case.assigned_to_id != Some(senior.id);
                if is_reviewed {
                    staff.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
                } else {
                    body["override_incomplete"] = json!(true);
                }
                let before = read(&by, case).await;
                app.pass(chrono::TimeDelta::hours(1));
                let (by, staff) = (app.as_user(&former).await, app.as_admin().await);
                let operation = if is_reviewed { "review/approve" } else { "complete" };
                let completed = staff.post(&case.url(operation), body).await.expect(200);
                assert_eq!(completed["status"], "completed");
                assert_eq!(read(&by, case).await, before, "{name}");
                let path = format!("documents/{}", report["id"].as_str().unwrap());
                by.get(&path).await.expect_problem(404, "not_found");
                by.get(&format!("{path}/content")).await.expect_problem(404, "not_found");
                by.get(&case.url("reviews")).await.expect_problem(403, "forbidden");
                let decided = by.get("reviews?status=decided").await.expect(200);
                assert!(!decided.to_string().contains(&case.id()), "{decided}");

                // Other staff see it, and the former member once it is released.
                assert_eq!(app.as_manager().await.get(&case.path()).await.expect(200)["status"], "completed");
                staff.post(&case.url("release"), json!({})).await.expect(200);
                assert_eq!(by.get(&case.path()).await.expect(200)["status"], "completed");
                by.get(&path).await.expect(200);
            }
        }
    }

    async fn a_released_completion_is_visible_to_its_member_at_once(app) {
        let case = app.a_case().completed().create().await;
        let seen = app.as_member().await.get(&case.path()).await.expect(200);
        let all = app.as_manager().await.get(&case.path()).await.expect(200);
        assert_eq!(
            (&seen["status"], &seen["version"], &seen["updated_at"]),
            (&all["status"], &all["version"], &all["updated_at"])
        );
        let until = app.a_case().completed_until(at("2026-12-03T00:00:00Z")).create().await;
        app.pass(chrono::TimeDelta::days(3));
        let seen = app.as_member().await.get(&until.path()).await.expect(200);
        assert_eq!(seen["status"], "completed", "whenever the job comes");
    }
}
