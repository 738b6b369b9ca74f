//! Submitting a draft.

use crate::app::{actions, at};
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn a_member_submits_their_draft(app) {
        let case = app.a_case().create().await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        let submitted = by.send(reqwest::Method::POST, &case.url("submit"), None).await.expect(200);
        assert_eq!((&submitted["status"], &submitted["submitted_at"]), (&json!("submitted"), &json!("2026-12-01T15:00:00.000Z")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_submitted"]);
        assert_eq!(trail[0]["metadata"], json!({"urgency": "normal", "rush_fee": 0}));
        by.post(&case.url("submit"), json!({})).await.expect_problem(409, "invalid_case_state");
        assert_eq!(app.since(&mark).await.len(), 1);
    }

    async fn a_due_date_that_has_come_near_requires_a_confirmed_rush(app) {
        let case = app.a_case().create().await;
        app.clock.set(at("2026-12-09T15:00:00Z"));
        let by = app.as_member().await;
        let mark = app.mark().await;
        let problem = by.post(&case.url("submit"), json!({})).await.expect_problem(409, "rush_confirmation_required");
        assert_eq!(problem["rush_fee"], 20);
        assert_eq!(app.since(&mark).await.len(), 0);
        let submitted = by.post(&case.url("submit"), json!({"confirm_rush": true})).await.expect(200);
        assert_eq!(submitted["urgency"], "rush");
        let trail = app.since(&mark).await;
        assert_eq!(trail[0]["changes"]["urgency"], json!({"from": "normal", "to": "rush"}));
        assert_eq!(trail[0]["metadata"], json!({"urgency": "rush", "rush_fee": 20}));
    }

    async fn only_its_member_can_submit_a_draft(app) {
        let case = app.a_case().create().await;
        let stranger = app.user("member2", Role::Member, None).await;
        app.as_user(&stranger).await.post(&case.url("submit"), json!({})).await.expect_problem(404, "not_found");
        app.as_admin().await.post(&case.url("submit"), json!({})).await.expect_problem(403, "forbidden");
    }

    async fn a_refusal_does_not_reveal_an_unreleased_completion(app) {
        let case = app.a_case().completed_until(at("2026-12-10T00:00:00Z")).create().await;
        let by = app.as_member().await;
        let problem = by.post(&case.url("submit"), json!({})).await.expect_problem(409, "invalid_case_state");
        assert_eq!(problem["current_status"], "accepted");
        assert!(!problem["detail"].as_str().unwrap().contains("completed"));
    }
}
