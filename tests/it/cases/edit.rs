//! Editing a case.

use crate::app::{actions, at};
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn details_and_notes_are_recorded_in_separate_entries(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        let body =
            json!({"employee_last_name": "Reed", "num_reports_requested": 4, "special_notes": "call first", "reason": "married"});
        let edited = by.patch(&case.path(), body.clone()).await.expect(200);
        assert_eq!((&edited["employee_last_name"], &edited["has_member_updates"]), (&json!("Reed"), &json!(true)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_details_edited", "case_updated"]);
        assert_eq!(trail[0]["metadata"], json!({"reason": "married", "edited_by_role": "member", "post_submission": true}));
        assert_eq!(trail[0]["changes"], json!({
            "employee_last_name": {"from": "Moss", "to": "Reed"},
            "num_reports_requested": {"from": 3, "to": 4},
        }));
        assert_eq!(trail[1]["metadata"], json!({"event": "edited", "reason": "married"}));
        assert_eq!(trail[1]["changes"]["special_notes"]["to"]["length"], 10);

        let same = by.patch(&case.path(), body).await.expect(200);
        assert_eq!(same["version"], edited["version"]);
        assert_eq!(app.since(&mark).await.len(), 2);
    }

    async fn acknowledging_clears_the_flag_and_nothing_else(app) {
        let case = app.a_case().accepted().create().await;
        let edited = app.as_member().await.patch(&case.path(), json!({"special_notes": "x"})).await.expect(200);
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        let seen = by.send(reqwest::Method::POST, &case.url("acknowledge-updates"), None).await.expect(200);
        assert_eq!((&seen["has_member_updates"], &seen["version"]), (&json!(false), &edited["version"]));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn null_clears_a_field_and_an_absent_field_is_kept(app) {
        let case = app.a_case().create().await;
        let by = app.as_member().await;
        by.patch(&case.path(), json!({"client_email": "a@example.org", "special_notes": "x"})).await.expect(200);
        let emptied = by.patch(&case.path(), json!({"client_email": null})).await.expect(200);
        assert_eq!((&emptied["client_email"], &emptied["special_notes"]), (&json!(null), &json!("x")));
        let answer = by.patch(&case.path(), json!({"employee_first_name": null})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.faults(), ["body /employee_first_name"]);
    }

    async fn a_case_with_a_near_due_date_becomes_a_rush_and_cannot_be_downgraded(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let rushed = by.patch(&case.path(), json!({"due_on": "2026-12-03"})).await.expect(200);
        assert_eq!(rushed["urgency"], "rush");
        assert_eq!(actions(&app.since(&mark).await), ["case_details_edited", "case_updated"]);
        by.patch(&case.path(), json!({"urgency": "normal"})).await.expect_problem(409, "rush_required");
        by.patch(&case.path(), json!({"due_on": "2026-11-30"})).await.expect_problem(422, "validation_failed");
        assert_eq!(
            by.patch(&case.path(), json!({"due_on": "2026-12-30", "urgency": "normal"})).await.expect(200)["urgency"],
            "normal"
        );
    }

    async fn a_member_neither_sees_nor_writes_internal_fields(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.patch(&case.path(), json!({"internal_notes": "difficult"})).await.expect(200);
        let by = app.as_member().await;
        let shown = by.get(&case.path()).await.expect(200);
        assert_eq!((&shown["internal_notes"], &shown["tier"], &shown["complexity"]), (&json!(null), &json!(null), &json!(null)));
        by.patch(&case.path(), json!({"internal_notes": "x"})).await.expect_problem(403, "forbidden");
    }

    async fn members_cannot_edit_released_or_held_cases_but_managers_can_edit_held_ones(app) {
        let completed = app.a_case().completed().create().await;
        let held = app.a_case().held().create().await;
        let hidden = app.a_case().completed_until(at("2026-12-10T00:00:00Z")).create().await;
        let by = app.as_member().await;
        by.patch(&completed.path(), json!({"special_notes": "x"})).await.expect_problem(409, "invalid_case_state");
        by.patch(&held.path(), json!({"special_notes": "x"})).await.expect_problem(409, "invalid_case_state");
        by.patch(&hidden.path(), json!({"special_notes": "x"})).await.expect(200);
        app.as_manager().await.patch(&held.path(), json!({"special_notes": "x"})).await.expect(200);
        let stranger = app.user("member2", Role::Member, None).await;
        app.as_user(&stranger).await.patch(&held.path(), json!({"special_notes": "y"})).await.expect_problem(404, "not_found");
        app.as_tech(2).await.patch(&held.path(), json!({"special_notes": "y"})).await.expect_problem(403, "forbidden");
    }

    async fn an_unchanged_urgency_is_not_a_downgrade(app) {
        let case = app.a_case().accepted().create().await;
        // By now the due date would require a rush.
        app.clock.set(at("2026-12-10T15:00:00Z"));
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let same = by.patch(&case.path(), json!({"urgency": "normal"})).await.expect(200);
        assert_eq!((&same["urgency"], &same["version"]), (&json!("normal"), &json!(case.case.version)));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn fields_forbidden_to_a_role_are_refused_before_the_version_is_checked(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await.with("If-Match", "\"1\"");
        by.patch(&case.path(), json!({"internal_notes": "x"})).await.expect_problem(403, "forbidden");
        let by = app.as_manager().await.with("If-Match", "\"1\"");
        let body = json!({"tier": "tier_2", "reason": "x", "override_reason": "y"});
        by.post(&case.url("tier"), body).await.expect_problem(403, "forbidden");
    }
}
