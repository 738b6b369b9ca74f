//! Resuming a case.

use crate::app::actions;
use chrono::TimeDelta;
use serde_json::json;

on_each_database! {
    async fn a_resume_records_how_long_the_case_was_held(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        by.post(&case.url("hold"), json!({"reason": "passport missing", "hold_duration_days": 0.5})).await.expect(200);
        app.pass(TimeDelta::seconds(90_061));
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let resumed = by.post(&case.url("resume"), json!({"reason": "passport came"})).await.expect(200);

        assert_eq!((&resumed["status"], &resumed["hold"]), (&json!("accepted"), &json!(null)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_resumed"]);
        assert_eq!(trail[0]["metadata"], json!({
            "reason": "passport came",
            "hold_reason": "passport missing",
            "held_at": "2026-12-01T15:00:00.000Z",
            "resumed_at": "2026-12-02T16:01:01.000Z",
            "hold_duration_seconds": 90_061,
            "expected_duration_days": 0.5,
            "overdue": true,
        }));
        assert_eq!(trail[0]["changes"]["status"], json!({"from": "hold", "to": "accepted"}));
        assert_eq!(trail[0]["changes"]["hold_reason"], json!({"from": "passport missing", "to": null}));
    }

    async fn only_a_held_case_can_be_resumed(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let problem = by.post(&case.url("resume"), json!({"reason": "a"})).await.expect_problem(409, "invalid_case_state");
        assert_eq!((&problem["current_status"], &problem["allowed_from"]), (&json!("accepted"), &json!(["hold"])));
        by.post(&case.url("resume"), json!({"reason": "  "})).await.expect_problem(422, "validation_failed");
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
