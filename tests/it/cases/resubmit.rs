//! Resubmitting a case.

use crate::app::{actions, at};
use crate::documents::pay_stub;
use chrono::TimeDelta;
use serde_json::json;

on_each_database! {
    async fn a_rejected_case_can_be_resubmitted_once_something_is_new(app) {
        let case = app.a_case().submitted().create().await;
        let rejection = json!({"rejection_reason": "insufficient_data", "rejection_notes": "which e-mail?"});
        app.as_tech(1).await.post(&case.url("reject"), rejection).await.expect(200);
        app.pass(TimeDelta::hours(1));
        let by = app.as_member().await;
        by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        by.patch(&case.path(), json!({"client_email": "new@example.org"})).await.expect(200);
        let mark = app.mark().await;

        let again = by.post(&case.url("resubmit"), json!({"notes": "corrected"})).await.expect(200);

        assert_eq!((&again["status"], &again["rejection"]), (&json!("resubmitted"), &json!(null)));
        assert_eq!((&again["resubmission"]["count"], &again["has_member_updates"]), (&json!(1), &json!(true)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_resubmitted"]);
        assert_eq!(trail[0]["metadata"], json!({
            "resubmission_count": 1, "previous_status": "needs_resubmission", "submitted_at": "2026-12-01T16:00:00.000Z",
            "new_documents": 0, "edited_fields": ["client_email"],
        }));
        assert_eq!(trail[0]["changes"]["resubmission_count"], json!({"from": 0, "to": 1}));
        assert_eq!(trail[0]["changes"]["rejection_reason"], json!({"from": "insufficient_data", "to": null}));

        let accepted = json!({"tier": "tier_2", "credit_value": "2.0", "assigned_to": app.tech(2).await.id});
        app.as_manager().await.post(&case.url("accept"), accepted).await.expect(200);
    }

    async fn a_new_document_counts_as_new_until_it_is_deleted(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_member().await;
        by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        app.pass(TimeDelta::hours(1));
        let rejection = json!({"rejection_reason": "missing_documents", "rejection_notes": "the pay stub of October"});
        app.as_tech(1).await.post(&case.url("reject"), rejection).await.expect(200);
        app.pass(TimeDelta::hours(1));
        let by = app.as_member().await;
        app.as_manager().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let refused = async || by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        refused().await;
        let taken_back = by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        by.delete(&format!("documents/{}", taken_back["id"].as_str().unwrap())).await;
        refused().await;
        for _ in 0..2 {
            by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        }
        let mark = app.mark().await;
        by.post(&case.url("resubmit"), json!({})).await.expect(200);
        let metadata = &app.since(&mark).await[0]["metadata"];
        assert_eq!((&metadata["new_documents"], &metadata["edited_fields"]), (&json!(2), &json!([])));
    }

    async fn a_released_case_can_be_resubmitted_with_a_document_alone(app) {
        let case = app.a_case().completed().create().await;
        app.pass(TimeDelta::hours(1));
        let by = app.as_member().await;
        by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        assert_eq!(by.post(&case.url("resubmit"), json!({})).await.expect(200)["status"], "resubmitted");
    }

    async fn resubmitting_an_unreleased_case_is_refused_as_if_it_were_accepted(app) {
        let case = app.a_case().completed_until(at("2026-12-03T00:00:00Z")).create().await;
        let by = app.as_member().await;
        let problem = by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "invalid_case_state");
        assert_eq!(problem["current_status"], "accepted");
        by.patch(&case.path(), json!({"special_notes": "one more thing"})).await.expect(200);
        app.clock.set(at("2026-12-03T00:00:00Z"));
        by_released(app, &case).await;
    }
}

async fn by_released(app: &crate::app::TestApp, case: &crate::app::Scene) {
    let again = app.as_member().await.post(&case.url("resubmit"), json!({})).await.expect(200);
    assert_eq!((&again["status"], &again["resubmission"]["previous_status"]), (&json!("resubmitted"), &json!("completed")));
    assert_eq!(again["release"], json!(null));
}
