//! Accepting a case.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn an_acceptance_is_a_status_change_and_an_assignment(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_tech(2).await;
        let mark = app.mark().await;

        let body = json!({"tier": "tier_2", "credit_value": "2.5", "docs_verified": true, "notes": "all there"});
        let accepted = by.post(&case.url("accept"), body).await.expect(200);

        assert_eq!(accepted["assigned_to"]["username"], "tech2");
        assert_eq!(
            (&accepted["tier"], &accepted["complexity"], &accepted["credit_value"]),
            (&json!("tier_2"), &json!("moderate"), &json!("2.5"))
        );
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed", "case_assigned"]);
        assert_eq!(
            trail[0]["changes"],
            json!({
                "status": {"from": "submitted", "to": "accepted"},
                "tier": {"from": null, "to": "tier_2"},
                "credit_value": {"from": "2.0", "to": "2.5"},
                "accepted_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"},
                "accepted_by_id": {"from": null, "to": by.id()},
            })
        );
        assert_eq!(
            trail[0]["metadata"],
            json!({"event": "accepted", "reason": null, "docs_verified": true, "notes": "all there"})
        );
        assert_eq!(trail[1]["changes"], json!({"assigned_to_id": {"from": null, "to": by.id()}}));
        assert_eq!(trail[1]["metadata"], json!({
            "from_username": null, "to_username": "tech2", "reason": null, "level_override": false, "override_reason": null,
        }));
        assert_eq!(trail[1]["related_user"]["username"], "tech2");
    }

    async fn a_manager_has_to_name_the_assignee(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_manager().await;
        let answer = by.post(&case.url("accept"), json!({"tier": "tier_1", "credit_value": "1.0"})).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.faults(), ["body /assigned_to"]);
        let body = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": app.tech(1).await.id});
        assert_eq!(by.post(&case.url("accept"), body).await.expect(200)["assigned_to"]["username"], "tech1");
    }

    async fn the_level_rule_holds_unless_an_administrator_sets_it_aside(app) {
        let case = app.a_case().submitted().create().await;
        let tech1 = app.tech(1).await;
        let mut body = json!({"tier": "tier_3", "credit_value": "1.0", "assigned_to": tech1.id});
        let mark = app.mark().await;
        let problem = app.as_manager().await.post(&case.url("accept"), body.clone()).await.expect_problem(409, "level_too_low");
        assert_eq!(problem["tier"], "tier_3");
        body["override_reason"] = json!("no other technician is available");
        app.as_manager().await.post(&case.url("accept"), body.clone()).await.expect_problem(403, "forbidden");
        let accepted = app.as_admin().await.post(&case.url("accept"), body).await.expect(200);
        assert_eq!(accepted["assigned_to"]["username"], "tech1");
        let trail = app.since(&mark).await;
        let assigned = trail.iter().find(|entry| entry["action_type"] == "case_assigned").unwrap();
        assert_eq!(assigned["metadata"]["level_override"], true);
        assert_eq!(assigned["metadata"]["override_reason"], "no other technician is available");
    }

    async fn an_override_that_is_not_needed_is_not_recorded(app) {
        let (admin, manager) = (app.as_admin().await, app.as_manager().await);
        for (tier, assignee) in
            [("tier_1", app.tech(1).await.id.to_string()), ("tier_3", app.tech(3).await.id.to_string()), ("tier_3", manager.id())]
        {
            let case = app.a_case().submitted().create().await;
            let mark = app.mark().await;
            let body = json!({"tier": tier, "credit_value": "1.0", "assigned_to": assignee, "override_reason": "to be safe"});
            admin.post(&case.url("accept"), body).await.expect(200);
            let trail = app.since(&mark).await;
            assert_eq!(actions(&trail), ["case_status_changed", "case_assigned"]);
            assert_eq!(trail[0]["metadata"].get("override_reason"), None);
            let metadata = &trail[1]["metadata"];
            assert_eq!((&metadata["level_override"], &metadata["override_reason"]), (&json!(false), &json!(null)), "{tier}");
        }
    }

    async fn every_entry_about_an_overridden_rule_has_its_reason(app) {
        let (admin, member, tech1) = (app.as_admin().await, app.as_member().await, app.tech(1).await);
        let case = app.a_case().completed().create().await;
        app.pass(chrono::TimeDelta::seconds(1));
        member.upload(&case.url("documents"), &crate::documents::pay_stub()).await.expect(201);
        member.post(&case.url("resubmit"), json!({})).await.expect(200);
        let mark = app.mark().await;
        let body = json!({"tier": "tier_2", "credit_value": "1.0", "assigned_to": tech1.id, "override_reason": "they know it"});
        admin.post(&case.url("accept"), body).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed", "case_reassigned", "case_tier_changed"]);
        assert!(trail.iter().all(|entry| entry["metadata"]["override_reason"] == "they know it"), "{trail:?}");
        assert!(trail[1..].iter().all(|entry| entry["metadata"]["level_override"] == true), "{trail:?}");
    }

    async fn a_case_can_only_be_assigned_to_staff(app) {
        let case = app.a_case().submitted().create().await;
        let member = app.as_member().await;
        let by = app.as_manager().await;
        let body = |id: String| json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": id});
        by.post(&case.url("accept"), body(member.id())).await.expect_problem(409, "not_assignable");
        let unknown = "01a20725-be30-7584-bca5-f00e655c90d6".to_owned();
        by.post(&case.url("accept"), body(unknown)).await.expect_problem(422, "validation_failed");
        let answer = by.post(&case.url("accept"), json!({"tier": "tier_1", "credit_value": "0.7", "assigned_to": by.id()})).await;
        assert_eq!(answer.faults(), ["body /credit_value"]);
    }
}
