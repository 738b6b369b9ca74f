//! Rejecting a case and returning it to its member.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn a_rejection_shows_its_reason_and_notes_to_the_member(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_tech(1).await;
        let mark = app.mark().await;
        let body = json!({"rejection_reason": "missing_documents", "rejection_notes": "the last pay stub"});
        by.post(&case.url("reject"), body).await.expect(200);

        let shown = app.as_member().await.get(&case.path()).await.expect(200);
        assert_eq!(shown["status"], "needs_resubmission");
        assert_eq!(
            (&shown["rejection"]["reason"], &shown["rejection"]["notes"]),
            (&json!("missing_documents"), &json!("the last pay stub"))
        );
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed"]);
        assert_eq!(trail[0]["metadata"]["event"], "rejected");
        assert_eq!(trail[0]["changes"]["rejection_notes"], json!({"from": null, "to": "the last pay stub"}));
        let again = json!({"rejection_reason": "other", "rejection_notes": "x"});
        by.post(&case.url("reject"), again).await.expect_problem(409, "invalid_case_state");
    }

    async fn a_rejection_needs_a_listed_reason_and_notes(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_tech(1).await;
        let answer = by.post(&case.url("reject"), json!({"rejection_reason": "ugly", "rejection_notes": "x"})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.faults(), ["body /rejection_reason"]);
        assert_eq!(by.post(&case.url("reject"), json!({"rejection_reason": "other"})).await.faults(), ["body /rejection_notes"]);
    }
}
