//! Changing the tier of a case.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn a_tier_change_records_both_tiers_and_the_reason(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        by.post(&case.url("tier"), json!({"tier": "tier_3", "reason": "two employers"})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_tier_changed"]);
        assert_eq!(trail[0]["metadata"], json!({
            "previous_tier": "tier_1", "new_tier": "tier_3", "previous_complexity": "simple", "new_complexity": "complex",
            "direction": "up", "reason": "two employers", "level_override": false, "override_reason": null,
        }));
    }

    async fn an_override_is_recorded_if_the_level_did_not_suffice(app) {
        let (tech1, admin) = (app.tech(1).await, app.as_admin().await);
        let case = app.a_case().assigned_to(&tech1).accepted().create().await;
        for (tier, is_overridden) in [("tier_3", true), ("tier_2", true), ("tier_1", false)] {
            let mark = app.mark().await;
            let body = json!({"tier": tier, "reason": "counted again", "override_reason": "they can"});
            admin.post(&case.url("tier"), body).await.expect(200);
            let trail = app.since(&mark).await;
            assert_eq!(actions(&trail), ["case_tier_changed"]);
            let reason = if is_overridden { json!("they can") } else { json!(null) };
            let metadata = &trail[0]["metadata"];
            assert_eq!((&metadata["level_override"], &metadata["override_reason"]), (&json!(is_overridden), &reason), "{tier}");
        }
        // A senior technician, a manager, and no assignee at all.
        let manager = app.as_manager().await;
        for assignee in [json!(app.tech(3).await.id), json!(manager.id()), json!(null)] {
            admin.post(&case.url("assign"), json!({"assigned_to": assignee, "reason": "a"})).await.expect(200);
            for tier in ["tier_3", "tier_1"] {
                let mark = app.mark().await;
                let body = json!({"tier": tier, "reason": "counted again", "override_reason": "to be safe"});
                admin.post(&case.url("tier"), body).await.expect(200);
                let metadata = app.since(&mark).await[0]["metadata"].clone();
                let recorded = (&metadata["level_override"], &metadata["override_reason"]);
                assert_eq!(recorded, (&json!(false), &json!(null)), "{assignee}");
            }
        }
    }

    async fn the_same_tier_again_changes_nothing(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let same = by.post(&case.url("tier"), json!({"tier": "tier_1", "reason": "sure"})).await.expect(200);
        assert_eq!((&same["version"], &same["updated_at"]), (&json!(case.case.version), &json!("2026-12-01T15:00:00.000Z")));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn the_level_rule_holds_for_the_assignee(app) {
        let tech1 = app.tech(1).await;
        let case = app.a_case().assigned_to(&tech1).accepted().create().await;
        let body = json!({"tier": "tier_2", "reason": "harder"});
        app.as_manager().await.post(&case.url("tier"), body).await.expect_problem(409, "level_too_low");
        let body = json!({"tier": "tier_2", "reason": "harder", "override_reason": "they can"});
        app.as_admin().await.post(&case.url("tier"), body).await.expect(200);
    }

    async fn an_unchanged_tier_or_assignee_does_not_violate_the_level_rule(app) {
        let tech1 = app.tech(1).await;
        let case = app.a_case().submitted().create().await;
        let terms = json!({"tier": "tier_3", "credit_value": "1.0", "assigned_to": tech1.id, "override_reason": "they can"});
        app.as_admin().await.post(&case.url("accept"), terms).await.expect(200);
        let by = app.as_tech(1).await;
        let mark = app.mark().await;
        by.post(&case.url("tier"), json!({"tier": "tier_3", "reason": "sure"})).await.expect(200);
        by.post(&case.url("take"), json!({})).await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
