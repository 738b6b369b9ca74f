//! Releasing and reopening a completed case.

use crate::app::{actions, at};
use serde_json::json;

on_each_database! {
    async fn an_early_release_is_recorded_as_a_case_update(app) {
        let case = app.a_case().completed_until(at("2026-12-10T00:00:00Z")).create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        by.post(&case.url("release"), json!({"reason": "they called"})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_updated"]);
        assert_eq!(trail[0]["metadata"], json!({"event": "case_released", "reason": "they called", "trigger": "manual"}));
        assert_eq!(trail[0]["changes"], json!({
            "released_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"},
            "scheduled_release_at": {"from": "2026-12-10T00:00:00.000Z", "to": null},
        }));
        assert_eq!(app.as_member().await.get(&case.path()).await.expect(200)["status"], "completed");
        by.post(&case.url("release"), json!({})).await.expect_problem(409, "already_released");
    }

    async fn a_reopened_case_is_accepted_again(app) {
        let case = app.a_case().completed().create().await;
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        let reopened = by.post(&case.url("reopen"), json!({"reason": "a wrong date"})).await.expect(200);
        assert_eq!(
            (&reopened["status"], &reopened["release"], &reopened["completed_at"]),
            (&json!("accepted"), &json!(null), &json!(null))
        );
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["metadata"]["event"]), (vec!["case_status_changed"], &json!("reopened")));
        assert_eq!(trail[0]["metadata"]["reason"], "a wrong date");
    }

    async fn a_case_of_a_deleted_technician_is_reopened_unassigned(app) {
        let tech2 = app.tech(2).await;
        let case = app.a_case().assigned_to(&tech2).completed().create().await;
        let admin = app.as_admin().await;
        assert_eq!(admin.delete(&format!("users/{}?reason=left", tech2.id)).await.status(), 204);
        let mark = app.mark().await;
        let reopened = admin.post(&case.url("reopen"), json!({"reason": "a wrong date"})).await.expect(200);
        assert_eq!((&reopened["status"], &reopened["assigned_to"]), (&json!("accepted"), &json!(null)));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed", "case_reassigned"]);
        assert_eq!(trail[1]["metadata"]["from_username"], "tech2");
        admin.post(&case.url("tier"), json!({"tier": "tier_2", "reason": "harder"})).await.expect(200);
    }
}
