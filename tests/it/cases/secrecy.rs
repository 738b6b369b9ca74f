//! A completion that isn't released: its member still sees the previous state.

use crate::app::{Scene, TestApp, at};
use serde_json::{Value as Json, json};

/// Everything by which a member could notice it: bodies, ETags, lists in each order, filters, documents, audit entries, problems.
async fn noticed(app: &TestApp, case: &Scene) -> Vec<String> {
    let (by, mut noticed) = (app.as_member().await, Vec::new());
    let lists =
        ["", "?sort=updated_at", "?sort=-updated_at", "?sort=updated_at&limit=1", "?status=accepted", "?status=completed"];
    for path in lists.iter().map(|query| format!("cases{query}")).chain([case.path(), case.url("documents"), case.url("notes")]) {
        let answer = by.get(&path).await;
        // A cursor contains the time at which it was created.
        let mut body = answer.expect(200);
        if let Some(page) = body.get_mut("page") {
            page["next_cursor"] = json!(page["next_cursor"].is_string());
        }
        noticed.push(format!("{path} {} {} {body}", answer.header("etag"), answer.header("cache-control")));
    }
    let trail = by.get(&case.url("audit-trail")).await.expect(200);
    noticed.push(trail["data"].to_string());
    let stale = app.as_member().await.with("If-Match", "\"999\"").patch(&case.path(), json!({"special_notes": "x"})).await;
    let refused = stale.expect_problem(412, "version_mismatch");
    noticed.push(format!("{} {}", refused["detail"], refused["current_version"]));
    let refused = by.post(&case.url("resubmit"), json!({"notes": "please"})).await.expect_problem(409, "invalid_case_state");
    noticed.push(format!("{} {} {}", refused["detail"], refused["current_status"], refused["allowed_from"]));
    noticed
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

    async fn a_reviewed_but_unreleased_completion_is_shown_to_its_member_as_accepted(app) {
        let case = app.a_case().pending_review().create().await;
        let by = app.as_tech(3).await;
        by.post(&case.url("review/approve"), json!({"release": "scheduled", "release_at": "2026-12-20T00:00:00Z"}))
            .await
            .expect(200);
        let before = noticed(app, &case).await;
        assert!(before.iter().any(|text| text.contains("\"status\":\"accepted\"")));
        by.post(&case.url("reopen"), json!({"reason": "again"})).await;
        app.as_manager().await.post(&case.url("reopen"), json!({"reason": "again"})).await;
        assert_eq!(noticed(app, &case).await, before);
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
