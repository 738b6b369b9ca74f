//! Reading the caller's own activity.

use super::world::{data, happened};
use crate::app::actions;
use entity::user::Role;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn users_see_their_own_activity_and_reading_it_writes_no_entry(app) {
        happened(app).await;
        let by = app.as_tech(2).await;
        let mark = app.mark().await;

        let list = by.get("auth/me/activity").await.expect(200);

        assert_eq!(actions(&data(&list)), ["case_held"]);
        assert_eq!(data(&list)[0]["outcome"], "denied");
        assert_eq!(list["page"]["limit"], 50);
        assert_eq!(by.get("auth/me/activity?action_type=login").await.expect(200)["data"], json!([]));
        by.get("auth/me/activity?actor_id=1").await.expect_problem(400, "invalid_parameter");
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }

    async fn own_activity_is_refused_and_recorded_if_the_setting_is_off(app) {
        let by = app.as_member().await;
        app.as_admin().await.patch("settings", json!({"own_activity_enabled": false})).await.expect(200);
        let mark = app.mark().await;
        by.get("auth/me/activity").await.expect_problem(403, "forbidden");
        let seen = app.since(&mark).await;
        assert_eq!((actions(&seen), &seen[0]["outcome"]), (vec!["other"], &json!("denied")));
        assert_eq!(seen[0]["metadata"]["event"], "access_denied");
    }

    async fn a_service_account_has_no_activity_of_its_own(app) {
        let service = app.user("service1", Role::Service, None).await;
        app.as_user(&service).await.get("auth/me/activity").await.expect_problem(403, "forbidden");
        app.as_anonymous().get("auth/me/activity").await.expect_problem(401, "unauthorized");
    }

    async fn the_own_activity_of_a_member_does_not_reveal_the_review(app) {
        let case = app.a_case().pending_review().create().await;
        let decision = json!({"notes": "sloppy", "release": "scheduled", "release_at": "2026-12-02T00:00:00Z"});
        app.as_manager().await.post(&case.url("review/approve"), decision).await.expect(200);
        app.pass(chrono::TimeDelta::seconds(1));
        app.as_member().await.patch(&case.path(), json!({"special_notes": "one more thing"})).await.expect(200);
        app.clock.set(crate::app::at("2026-12-02T00:00:00Z"));
        let by = app.as_member().await;
        by.post(&case.url("resubmit"), json!({})).await.expect(200);

        let answer = by.get("auth/me/activity?action_type=case_resubmitted").await;

        let changes = answer.expect(200)["data"][0]["changes"].clone();
        assert!(changes["status"].is_object());
        assert!(!answer.text.contains("sloppy") && !answer.text.contains("review_"), "{changes}");
    }
}
