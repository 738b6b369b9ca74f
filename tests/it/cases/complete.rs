//! Completing a case.

use crate::app::actions;
use crate::contract::recipes::add_report;
use serde_json::json;

on_each_database! {
    async fn a_case_of_an_experienced_technician_is_completed_and_released_at_once(app) {
        let case = app.a_case().accepted().create().await;
        for number in [3, 1, 2] {
            add_report(app, &case, number).await;
        }
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        let completed = by.send(reqwest::Method::POST, &case.url("complete"), None).await.expect(200);
        assert_eq!(
            (&completed["status"], &completed["release"]["released_at"]),
            (&json!("completed"), &json!("2026-12-01T15:00:00.000Z"))
        );
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed"]);
        assert_eq!(trail[0]["changes"], json!({
            "status": {"from": "accepted", "to": "completed"},
            "completed_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"},
            "released_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"},
        }));
        assert_eq!(trail[0]["metadata"]["event"], "completed");
    }

    async fn a_case_of_a_beginner_goes_to_review_regardless_of_who_completes_it(app) {
        let tech1 = app.tech(1).await;
        let case = app.a_case().assigned_to(&tech1).accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let body = json!({"override_incomplete": true});
        assert_eq!(by.post(&case.url("complete"), body).await.expect(200)["status"], "pending_review");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed", "review_submitted"]);
        assert_eq!(trail[0]["metadata"]["event"], "sent_to_review");
        assert_eq!(trail[1]["metadata"], json!({"review_action": "submitted_for_review", "original_technician": "tech1"}));
        let history = by.get(&case.url("reviews")).await.expect(200);
        assert_eq!(
            (&history["data"][0]["review_action"], &history["data"][0]["review_cycle"]),
            (&json!("submitted_for_review"), &json!(1))
        );
    }

    async fn reports_that_are_missing_are_named_and_can_be_overridden(app) {
        let case = app.a_case().accepted().create().await;
        let report = add_report(app, &case, 2).await;
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        let problem = by.post(&case.url("complete"), json!({})).await.expect_problem(409, "missing_reports");
        assert_eq!(problem["missing_reports"], json!([1, 3]));
        assert_eq!(app.since(&mark).await.len(), 0);
        assert_eq!(by.delete(&format!("documents/{report}")).await.status(), 204);
        let problem = by.post(&case.url("complete"), json!({"override_incomplete": false})).await;
        assert_eq!(problem.expect_problem(409, "missing_reports")["missing_reports"], json!([1, 2, 3]));
        let mark = app.mark().await;
        by.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["case_status_changed"]);
        assert_eq!(trail[0]["metadata"], json!({
            "event": "completed", "reason": null, "override_incomplete": true, "missing_reports": [1, 2, 3],
        }));
    }

    async fn an_unneeded_override_is_not_recorded(app) {
        let case = app.a_case().accepted().create().await;
        for number in 1..=3 {
            add_report(app, &case, number).await;
        }
        let by = app.as_manager().await;
        let mark = app.mark().await;
        by.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        assert_eq!(app.since(&mark).await[0]["metadata"], json!({"event": "completed", "reason": null}));
    }

    async fn a_scheduled_release_is_hidden_from_the_member_until_its_instant(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        let body = json!({"release": "scheduled", "release_at": "2026-12-05T12:00:00Z", "override_incomplete": true});
        by.post(&case.url("complete"), body).await.expect(200);
        let shown = app.as_member().await.get(&case.path()).await.expect(200);
        assert_eq!(
            (&shown["status"], &shown["completed_at"], &shown["release"]),
            (&json!("accepted"), &json!(null), &json!(null))
        );
        let listed = async |status: &str| {
            let list = app.as_member().await.get(&format!("cases?status={status}&include_total=true")).await.expect(200);
            list["page"]["total"].clone()
        };
        assert_eq!((listed("accepted").await, listed("completed").await), (json!(1), json!(0)));

        app.clock.set(crate::app::at("2026-12-05T12:00:00Z"));

        assert_eq!(app.as_member().await.get(&case.path()).await.expect(200)["status"], "completed");
        assert_eq!((listed("accepted").await, listed("completed").await), (json!(0), json!(1)));
    }

    async fn an_invalid_release_time_is_refused_by_name(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        let mark = app.mark().await;
        for body in [
            json!({"release": "scheduled"}),
            json!({"release": "scheduled", "release_at": "2026-12-01T15:00:00Z"}),
            json!({"release": "scheduled", "release_at": "2027-02-01T15:00:00Z"}),
            json!({"release": "now", "release_at": "2026-12-05T12:00:00Z"}),
            json!({"release_at": "tomorrow"}),
        ] {
            let answer = by.post(&case.url("complete"), body.clone()).await;
            answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.faults(), ["body /release_at"], "{body}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn an_unassigned_case_cannot_be_completed(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        by.post(&case.url("assign"), json!({"assigned_to": null, "reason": "queue"})).await.expect(200);
        by.post(&case.url("complete"), json!({})).await.expect_problem(409, "no_assignee");
    }
}
