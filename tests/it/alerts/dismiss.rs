//! Dismissing an alert.

use super::alerts;
use crate::app::{TestApp, actions};
use serde_json::json;

/// An alert of member1's, and its path.
async fn alert(app: &TestApp) -> String {
    let case = app.a_case().accepted().create().await;
    app.as_manager().await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
    format!("alerts/{}", alerts(&app.as_member().await).await[0]["id"].as_str().unwrap())
}

on_each_database! {
    async fn dismissing_is_recorded_once(app) {
        let path = alert(app).await;
        let by = app.as_member().await;
        let mark = app.mark().await;

        let done = by.post(&format!("{path}/dismiss"), json!({"reason": "it is on its way"})).await.expect(200);

        assert_eq!(done["dismissed_at"], "2026-12-01T15:00:00.000Z");
        assert_eq!(done["read_at"], done["dismissed_at"]);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["alert_dismissed"]);
        assert_eq!(trail[0]["metadata"], json!({"kind": "case_held", "severity": "warning", "reason": "it is on its way"}));
        assert_eq!((&trail[0]["object_type"], &trail[0]["object_id"]), (&json!("alert"), &done["id"]));
        assert_eq!((&trail[0]["case"], &trail[0]["changes"]), (&done["case"], &json!({})));
        app.pass(chrono::TimeDelta::minutes(5));
        let again = app.as_member().await.post(&format!("{path}/dismiss"), json!({})).await.expect(200);
        assert_eq!(again, done);
        assert_eq!(app.since(&mark).await.len(), 1);
    }

    async fn concurrent_dismissals_are_recorded_once(app) {
        let path = format!("{}/dismiss", alert(app).await);
        let by = app.as_member().await;
        let mark = app.mark().await;
        let answers = futures_util::future::join_all((0..8).map(|_| by.post(&path, json!({})))).await;
        answers.iter().for_each(|answer| drop(answer.expect(200)));
        assert_eq!(actions(&app.since(&mark).await), ["alert_dismissed"]);
    }

    async fn another_users_alert_and_an_absent_one_are_both_not_found(app) {
        let path = alert(app).await;
        let admin = app.as_admin().await;
        let mark = app.mark().await;
        for path in [path.as_str(), "alerts/01a20725-be30-7584-bca5-f00e655c90d6", "alerts/1"] {
            admin.post(&format!("{path}/dismiss"), json!({})).await.expect_problem(404, "not_found");
            admin.post(&format!("{path}/read"), json!({})).await.expect_problem(404, "not_found");
        }
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["alert_dismissed", "other", "alert_dismissed", "other", "alert_dismissed", "other"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied" && entry["object_type"] == "alert"));
    }
}
