//! The walkthrough of the API guide: a case from its creation to its audit entries.

use crate::app::actions;
use chrono::TimeDelta;
use serde_json::json;

on_each_database! {
    async fn the_steps_of_the_walkthrough_write_exactly_its_entries(app) {
        let (member, tech) = (app.as_member().await, app.as_tech(2).await);
        let mark = app.mark().await;
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "due_on": "2026-12-20", "submit": true});
        let case = member.post("cases", body).await.expect(201);
        let url = |operation: &str| format!("cases/{}/{operation}", case["id"].as_str().unwrap());
        tech.post(&url("accept"), json!({"tier": "tier_2", "credit_value": "1.0"})).await.expect(200);
        app.pass(TimeDelta::seconds(1));
        tech.post(&url("hold"), json!({"reason": "waiting for pay stub", "hold_duration_days": 14})).await.expect(200);
        app.pass(TimeDelta::seconds(75));
        tech.post(&url("resume"), json!({"reason": "the pay stub came"})).await.expect(200);

        let trail = app.since(&mark).await;
        assert_eq!(
            actions(&trail),
            ["case_created", "case_submitted", "case_status_changed", "case_assigned", "case_held", "case_resumed"]
        );
        assert_eq!(trail[5]["metadata"]["hold_duration_seconds"], 75);
    }
}
