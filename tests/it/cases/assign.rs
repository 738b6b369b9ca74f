//! Assigning and taking a case.

use crate::app::actions;
use serde_json::json;

on_each_database! {
    async fn reassigning_records_both_assignees_and_keeps_the_status(app) {
        let case = app.a_case().held().create().await;
        let tech2 = app.tech(2).await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let assigned = by.post(&case.url("assign"), json!({"assigned_to": tech2.id, "reason": "leave"})).await.expect(200);
        assert_eq!((&assigned["status"], &assigned["assigned_to"]["username"]), (&json!("hold"), &json!("tech2")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_reassigned"]);
        assert_eq!(
            (&trail[0]["metadata"]["from_username"], &trail[0]["metadata"]["to_username"]),
            (&json!("tech3"), &json!("tech2"))
        );
        assert_eq!(trail[0]["related_user"]["id"], json!(tech2.id));
    }

    async fn an_override_is_recorded_if_the_level_did_not_suffice(app) {
        let (admin, manager) = (app.as_admin().await, app.as_manager().await);
        let (tech1, tech2) = (app.tech(1).await, app.tech(2).await);
        let case = app.a_case().accepted().create().await;
        for (tier, assignee, is_overridden) in [
            (None, json!(tech1.id), false),
            (None, json!(null), false),
            (Some("tier_3"), json!(tech1.id), true),
            (None, json!(tech2.id), true),
            (None, json!(manager.id()), false),
            (Some("tier_2"), json!(tech2.id), false),
            (None, json!(tech1.id), true),
            (None, json!(null), false),
        ] {
            if let Some(tier) = tier {
                admin.post(&case.url("tier"), json!({"tier": tier, "reason": "counted again"})).await.expect(200);
            }
            let mark = app.mark().await;
            let body = json!({"assigned_to": assignee, "reason": "leave", "override_reason": "no one else is there"});
            admin.post(&case.url("assign"), body).await.expect(200);
            let trail = app.since(&mark).await;
            let reason = if is_overridden { json!("no one else is there") } else { json!(null) };
            let metadata = &trail[0]["metadata"];
            let found = (trail.len(), &metadata["level_override"], &metadata["override_reason"], &metadata["reason"]);
            assert_eq!(found, (1, &json!(is_overridden), &reason, &json!("leave")), "{tier:?} {assignee}");
        }
    }

    async fn the_same_assignee_again_changes_nothing(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let body = json!({"assigned_to": app.tech(3).await.id, "reason": "sure"});
        let same = by.post(&case.url("assign"), body).await.expect(200);
        assert_eq!(same["version"], case.case.version);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn unassigning_is_recorded_with_the_previous_assignee(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        let left = by.post(&case.url("assign"), json!({"assigned_to": null, "reason": "too much"})).await.expect(200);
        assert_eq!(left["assigned_to"], json!(null));
        let trail = app.since(&mark).await;
        assert_eq!((actions(&trail), &trail[0]["related_user"]["username"]), (vec!["case_reassigned"], &json!("tech3")));
        let answer = app.as_manager().await.post(&case.url("assign"), json!({"reason": "x"})).await;
        assert_eq!(answer.faults(), ["body /assigned_to"]);
    }

    async fn a_technician_can_take_an_unassigned_case(app) {
        let case = app.a_case().accepted().create().await;
        app.as_manager().await.post(&case.url("assign"), json!({"assigned_to": null, "reason": "queue"})).await.expect(200);
        let by = app.as_tech(2).await;
        let mark = app.mark().await;
        let taken = by.send(reqwest::Method::POST, &case.url("take"), None).await.expect(200);
        assert_eq!(taken["assigned_to"]["username"], "tech2");
        by.post(&case.url("take"), json!({})).await.expect(200);
        assert_eq!(actions(&app.since(&mark).await), ["case_assigned"]);
        app.as_tech(3).await.post(&case.url("take"), json!({})).await.expect_problem(409, "already_assigned");
        app.as_manager().await.post(&case.url("take"), json!({})).await.expect_problem(403, "forbidden");
    }

    async fn another_technician_cannot_assign_a_case(app) {
        let case = app.a_case().accepted().create().await;
        let body = json!({"assigned_to": app.tech(2).await.id, "reason": "mine"});
        app.as_tech(2).await.post(&case.url("assign"), body).await.expect_problem(403, "forbidden");
    }
}
