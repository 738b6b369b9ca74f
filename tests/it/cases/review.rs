//! Deciding a review.

use crate::app::copies::without_step_net;
use crate::app::{Settings, TestApp, actions};
use crate::documents::pay_stub;
use chrono::TimeDelta;
use entity::clock::{Clock, rfc3339};
use entity::review::{self, ReviewAction};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value as Json, json};

#[expect(clippy::disallowed_methods, reason = "a step as version 0.1.0 wrote it, which no operation writes now")]
async fn add_without_an_entry(app: &TestApp, step: review::Model) {
    app.outside.execute_unprepared(without_step_net(app.kind)).await.unwrap();
    review::Entity::insert(step.into_active_model().reset_all()).exec(&app.outside).await.unwrap();
}

on_each_database! {
    async fn an_approval_completes_the_case_and_is_a_pair_of_entries(app) {
        let case = app.a_case().pending_review().create().await;
        let by = app.as_tech(2).await;
        let mark = app.mark().await;
        let approved = by.post(&case.url("review/approve"), json!({"notes": "clean"})).await.expect(200);
        assert_eq!((&approved["status"], &approved["review"]["status"]), (&json!("completed"), &json!("approved")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed", "review_updated"]);
        assert_eq!(trail[0]["metadata"]["event"], "review_approved");
        assert_eq!(trail[1]["changes"], json!({
            "reviewed_by_id": {"from": null, "to": by.id()},
            "reviewed_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"},
            "review_status": {"from": null, "to": "approved"},
            "review_notes": {"from": null, "to": "clean"},
        }));
        assert_eq!(trail[1]["metadata"], json!({"review_action": "approved", "review_cycle": 1, "original_technician": "tech1"}));
        assert_eq!(trail[1]["related_user"]["username"], "tech1");
    }

    async fn requested_revisions_start_another_review_cycle(app) {
        let tech1 = app.tech(1).await;
        let case = app.a_case().assigned_to(&tech1).accepted().create().await;
        let (worker, reviewer) = (app.as_tech(1).await, app.as_tech(3).await);
        let mark = app.mark().await;
        worker.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        app.pass(TimeDelta::hours(5));
        let reviewer = { drop(reviewer); app.as_tech(3).await };
        let back = reviewer.post(&case.url("review/request-revisions"), json!({"notes": "again"})).await.expect(200);
        assert_eq!(back["status"], "accepted");
        app.as_tech(1).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        let done = reviewer.post(&case.url("review/correct"), json!({"notes": "fixed it", "release": "now"})).await.expect(200);
        assert_eq!((&done["status"], &done["review"]["status"]), (&json!("completed"), &json!("corrections_needed")));
        let history = reviewer.get(&case.url("reviews")).await.expect(200);
        let steps: Vec<(&str, i64)> = history["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| (step["review_action"].as_str().unwrap(), step["review_cycle"].as_i64().unwrap()))
            .collect();
        assert_eq!(
            steps,
            [("corrections_needed", 2), ("resubmitted", 2), ("revisions_requested", 1), ("submitted_for_review", 1)]
        );
        let recorded: Vec<Json> = app
            .since(&mark)
            .await
            .iter()
            .filter(|entry| ["review_submitted", "review_updated"].contains(&entry["action_type"].as_str().unwrap()))
            .map(|entry| entry["metadata"]["review_action"].clone())
            .collect();
        assert_eq!(recorded, ["submitted_for_review", "revisions_requested", "resubmitted", "corrections_needed"]);
        let reviews = review::history(&app.outside, case.case.id).await.unwrap();
        let decided: Vec<_> = reviews.iter().map(|step| (step.decision_number, step.turnaround_seconds)).collect();
        assert_eq!(decided, [(Some(2), Some(0)), (None, None), (Some(1), Some(18_000)), (None, None)]);
    }

    async fn only_a_submission_for_review_after_another_is_called_resubmitted(app) {
        let case = app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
        let (member, worker, manager) = (app.as_member().await, app.as_tech(1).await, app.as_manager().await);
        let completion = json!({"override_incomplete": true, "release": "now"});
        let steps = async || {
            let history = manager.get(&case.url("reviews")).await.expect(200);
            let steps = history["data"].as_array().unwrap().iter().rev();
            steps.map(|step| step["review_action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let resubmit = async || {
            app.pass(TimeDelta::minutes(1));
            member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
            member.post(&case.url("resubmit"), json!({"notes": "one more"})).await.expect(200);
            let accepted = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": worker.id()});
            manager.post(&case.url("accept"), accepted).await.expect(200);
        };

        worker.post(&case.url("complete"), completion.clone()).await.expect(200);
        manager.post(&case.url("review/approve"), json!({"release": "now"})).await.expect(200);
        assert_eq!(steps().await, ["submitted_for_review", "approved"]);
        resubmit().await;
        assert_eq!(steps().await, ["submitted_for_review", "approved"], "the member's resubmission is no step of a review");
        worker.post(&case.url("complete"), completion.clone()).await.expect(200);
        manager.post(&case.url("review/approve"), json!({"release": "now"})).await.expect(200);
        manager.post(&case.url("reopen"), json!({"reason": "a figure is wrong"})).await.expect(200);
        worker.post(&case.url("complete"), completion).await.expect(200);
        assert_eq!(steps().await, ["submitted_for_review", "approved", "resubmitted", "approved", "resubmitted"]);
        let history = review::history(&app.outside, case.case.id).await.unwrap();
        let cycles: Vec<i32> = history.iter().map(|step| step.review_cycle).collect();
        assert_eq!(cycles, [3, 2, 2, 1, 1]);
        let report = manager.get("reports/quality-review-audit").await.expect(200);
        assert_eq!(report["summary"]["submissions"], 3);
    }

    async fn what_an_earlier_version_called_resubmitted_is_no_submission_for_review(app) {
        let case = app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
        let manager = app.as_manager().await;
        let at = app.clock.now();
        let earlier = review::Model {
            id: app.clock.id(at),
            case_id: case.case.id,
            case_number: case.case.case_number.clone(),
            reviewed_at: at,
            review_action: ReviewAction::Resubmitted,
            reviewer_id: case.case.member_id,
            original_technician_id: None,
            notes: None,
            review_cycle: 1,
            decision_number: None,
            turnaround_seconds: None,
        };
        add_without_an_entry(app, earlier).await;

        app.as_tech(1).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);

        let waiting = manager.get("reviews").await.expect(200);
        let (step, report) = (&waiting["data"][0], manager.get("reports/quality-review-audit").await.expect(200));
        assert_eq!((&step["review_action"], &step["review_cycle"]), (&json!("submitted_for_review"), &json!(1)));
        assert_eq!(report["summary"]["submissions"], 1);
    }

    async fn a_review_step_has_the_same_time_as_its_entry(app) {
        let settings = Settings { clock: Clock::system(), ..Settings::default() };
        let app = &TestApp::start_with(app.kind, settings).await.unwrap();
        let case = app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
        let (member, worker, reviewer) = (app.as_member().await, app.as_tech(1).await, app.as_tech(3).await);
        let mark = app.mark().await;
        let completion = json!({"override_incomplete": true, "release": "now"});
        worker.post(&case.url("complete"), completion.clone()).await.expect(200);
        reviewer.post(&case.url("review/request-revisions"), json!({"notes": "again"})).await.expect(200);
        worker.post(&case.url("complete"), completion).await.expect(200);
        reviewer.post(&case.url("review/approve"), json!({"release": "now"})).await.expect(200);
        member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        member.post(&case.url("resubmit"), json!({})).await.expect(200);

        let entries = app.since(&mark).await;
        let recorded = entries.iter().filter(|entry| {
            ["review_submitted", "review_updated"].contains(&entry["action_type"].as_str().unwrap())
        });
        let recorded: Vec<&str> = recorded.map(|entry| entry["occurred_at"].as_str().unwrap()).collect();
        let history = review::history(&app.outside, case.case.id).await.unwrap();
        let steps: Vec<String> = history.iter().rev().map(|step| rfc3339(step.reviewed_at)).collect();
        assert_eq!((steps.len(), &steps.iter().map(String::as_str).collect::<Vec<_>>()), (4, &recorded));
    }

    async fn beginners_and_members_cannot_decide_a_review(app) {
        let case = app.a_case().pending_review().create().await;
        app.as_tech(1).await.post(&case.url("review/approve"), json!({})).await.expect_problem(403, "forbidden");
        app.as_member().await.post(&case.url("review/approve"), json!({})).await.expect_problem(403, "forbidden");
        let answer = app.as_tech(2).await.post(&case.url("review/request-revisions"), json!({})).await;
        assert_eq!(answer.faults(), ["body /notes"]);
        let other = app.a_case().accepted().create().await;
        app.as_tech(2).await.post(&other.url("review/approve"), json!({})).await.expect_problem(409, "invalid_case_state");
    }
}
