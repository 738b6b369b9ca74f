//! The content of the reports: their figures for a given history, their lists, and what filters don't affect.

use super::world;
use chrono::TimeDelta;
use entity::review::ReviewAction;
use serde_json::{Value as Json, json};

/// The number of successful entries that match a condition.
fn count(trail: &[Json], keep: impl Fn(&Json) -> bool) -> usize {
    trail.iter().filter(|entry| entry["outcome"] == "success" && keep(entry)).count()
}

fn types(entries: &Json) -> Vec<&str> {
    entries["data"].as_array().unwrap().iter().map(|entry| entry["action_type"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn the_activity_summary_counts_the_entries_of_the_audit_log(app) {
        app.a_case().held().create().await;
        app.a_case().pending_review().create().await;
        let by = app.as_manager().await;
        let stranger = app.as_member().await;
        stranger.get("reports/activity-summary").await.expect_problem(403, "forbidden");
        let trail = app.all_entries().await;

        let report = by.get("reports/activity-summary").await.expect(200);

        let total = count(&trail, |_| true);
        let summary = &report["summary"];
        assert_eq!(report["report"], "activity_summary");
        assert_eq!(summary["total_activities"], total);
        assert_eq!(summary["case_activities"], count(&trail, |entry| !entry["case"].is_null()));
        assert_eq!(summary["system_activity_count"], count(&trail, |entry| entry["actor_type"] == "system"));
        assert_eq!((&summary["denied_attempts"], &summary["failed_attempts"]), (&json!(1), &json!(0)));
        assert_eq!((&summary["previous_total"], &summary["percent_change"]), (&json!(0), &Json::Null));
        assert_eq!(summary["direction"], "up");
        let by_type: usize =
            report["by_action_type"].as_array().unwrap().iter().map(|row| row["count"].as_u64().unwrap() as usize).sum();
        assert_eq!(by_type + summary["other_types_count"].as_u64().unwrap() as usize, total);
        let series = report["timeseries"].as_array().unwrap();
        assert_eq!(series.len(), 30 * 9);
        assert_eq!(series.iter().map(|row| row["value"].as_u64().unwrap() as usize).sum::<usize>(), total);
        assert_eq!(series[0]["bucket_start"], "2026-11-02T06:00:00.000Z");
        assert_eq!(series[0]["bucket_on"], "2026-11-02");
        assert_eq!(
            report["period"],
            json!({
                "since": "2026-11-02T06:00:00.000Z", "until": "2026-12-01T15:00:00.001Z", "time_zone": "America/Chicago",
                "defaulted": true
            })
        );
    }

    async fn the_activity_of_a_user_is_what_they_did(app) {
        let case = app.a_case().accepted().create().await;
        let tech = app.as_tech(3).await;
        tech.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
        let by = app.as_manager().await;

        let report = by.get(&format!("reports/user-activity?user_id={}", tech.id())).await.expect(200);

        assert_eq!(report["user"]["username"], "tech3");
        assert_eq!(report["summary"], json!({
            "total_activities": 1,
            "last_activity_at": "2026-12-01T15:00:00.000Z",
            "last_activity_overall_at": "2026-12-01T15:00:00.000Z",
        }));
        assert_eq!(types(&report["entries"]), ["case_held"]);
        assert_eq!(report["entries"]["page"]["limit"], 30);
        by.get("reports/user-activity").await.expect_problem(400, "invalid_parameter");
        by.get("reports/user-activity?user_id=01a20725-be30-7584-bca5-f00e655c90d6").await.expect_problem(404, "not_found");
    }

    /// R3: a filter applies only to the list; the subject applies to both.
    async fn filters_apply_only_to_the_list(app) {
        let held = app.a_case().held().create().await;
        app.a_case().accepted().create().await;
        let by = app.as_manager().await;

        let all = by.get("reports/case-changes").await.expect(200);
        let holds = by.get("reports/case-changes?change_type=hold&include_total=true").await.expect(200);
        let one = by.get(&format!("reports/case-changes?case_id={}", held.id())).await.expect(200);

        assert_eq!((&holds["summary"], &holds["timeseries"]), (&all["summary"], &all["timeseries"]));
        assert_eq!(types(&holds["entries"]), ["case_held"]);
        assert_eq!((&holds["entries"]["page"]["total"], &holds["filters"]), (&json!(1), &json!({"change_type": ["hold"]})));
        assert_eq!((&all["summary"]["cases_touched"], &one["summary"]["cases_touched"]), (&json!(2), &json!(1)));
        assert_eq!(all["summary"]["holds"], 1);
        assert!(types(&one["entries"]).len() < types(&all["entries"]).len());

        let failed = by.get("reports/system-events?outcome=failure&event_type=cron_job").await.expect(200);
        assert_eq!((&failed["summary"]["total_events"], types(&failed["entries"]).len()), (&json!(3), 0));
        assert_eq!(failed["summary"]["success_percent"], 100.0);
    }

    async fn a_change_shows_its_fields_before_and_after_with_names(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;

        let report = by.get(&format!("reports/case-changes?case_id={}&change_type=assignment", case.id())).await.expect(200);

        let entry = &report["entries"]["data"][0];
        assert_eq!((&entry["badge"], &entry["action_type"]), (&json!("assignment"), &json!("case_assigned")));
        assert_eq!(entry["before_after"], json!([{
            "field": "assigned_to_id", "field_label": "Assigned to",
            "from": null, "from_label": null, "to": "tech3", "to_label": "Ada tech3",
        }]));
    }

    async fn system_events_show_the_health_of_jobs_and_who_read_what(app) {
        use entity::audit::{AuditTx, Context, Event};
        use entity::job::JobRun;
        for (minutes, error_message) in [(0, None), (15, Some("no space")), (30, Some("no space"))] {
            app.pass(TimeDelta::minutes(minutes));
            let tx = AuditTx::begin(app.app.db(), Context::job(uuid::Uuid::now_v7())).await.unwrap();
            let run = JobRun::scheduled(3, 0, error_message, 7);
            tx.record(Event::cron_job_executed("check_expired_holds", &run)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let by = app.as_manager().await;
        by.get("reports/activity-summary").await.expect(200);

        let report = by.get("reports/system-events").await.expect(200);

        assert_eq!(
            report["summary"],
            json!({"total_events": 4, "successful_events": 2, "failed_events": 2, "success_percent": 50.0})
        );
        assert_eq!(
            report["jobs"],
            json!([{
                "job_name": "check_expired_holds",
                "last_run_at": "2026-12-01T15:45:00.000Z",
                "last_status": "failure",
                "last_success_at": "2026-12-01T15:00:00.000Z",
                "consecutive_failures": 2,
            }])
        );
        assert_eq!((&report["health"]["failed_jobs_24h"], &report["health"]["pending_emails"]), (&json!(2), &json!(0)));
        assert_eq!(report["access"], json!([{
            "action_type": "report_generated",
            "view_type": "activity_summary",
            "user_id": by.id(),
            "username": "manager",
            "count": 1,
            "last_at": "2026-12-01T15:45:00.000Z",
        }]));
        let newest = &report["entries"]["data"][1];
        assert_eq!((&newest["job_name"], &newest["records_processed"]), (&json!("check_expired_holds"), &json!(3)));
        assert_eq!((&newest["outcome"], &newest["error_message"]), (&json!("failure"), &json!("no space")));
    }

    async fn the_quality_review_is_empty_without_decisions(app) {
        app.a_case().pending_review().create().await;
        let by = app.as_manager().await;
        let report = by.get("reports/quality-review-audit?review_status=approved").await.expect(200);
        let summary = &report["summary"];
        assert_eq!((&summary["total_reviews"], &summary["approved_percent"]), (&json!(0), &json!(0.0)));
        assert_eq!((&summary["first_pass_approval_percent"], &summary["average_turnaround_hours"]), (&Json::Null, &Json::Null));
    }

    async fn the_quality_review_shows_who_decided_what(app) {
        let case = app.a_case().pending_review().create().await;
        let (reviewer, manager) = (app.tech(2).await, app.user("manager", entity::user::Role::Manager, None).await);
        let decisions = [
            (&reviewer, ReviewAction::RevisionsRequested, 3_600),
            (&reviewer, ReviewAction::Approved, 7_200),
            (&manager, ReviewAction::CorrectionsNeeded, 1_800),
        ];
        world::decide(app, &case.case, &decisions).await;
        let by = app.as_manager().await;

        let report = by.get("reports/quality-review-audit?review_status=approved&interval=month").await.expect(200);

        let summary = &report["summary"];
        assert_eq!((&summary["total_reviews"], &summary["approved_percent"]), (&json!(3), &json!(33.3)));
        assert_eq!((&summary["first_pass_approval_percent"], &summary["average_turnaround_hours"]), (&json!(0.0), &json!(1.17)));
        let names: Vec<_> =
            report["reviewers"].as_array().unwrap().iter().map(|row| (&row["username"], &row["approval_percent"])).collect();
        assert_eq!(names, [(&json!("tech2"), &json!(50.0)), (&json!("manager"), &json!(0.0))]);
        // All three are about the work of one technician.
        assert_eq!(report["by_technician"], json!([{
            "user_id": case.case.assigned_to_id, "username": "tech1", "full_name": "Ada tech1", "total_reviews": 3, "approved": 1,
            "revisions_requested": 1, "corrections_needed": 1, "approval_percent": 33.3,
            "last_review_at": "2026-12-01T15:00:00.000Z",
        }]));
        let decision = &report["entries"]["data"][0];
        assert_eq!((&decision["review_status"], &decision["reviewer_username"]), (&json!("approved"), &json!("tech2")));
        assert_eq!(
            (&decision["case_number"], &decision["original_technician_username"]),
            (&json!(case.case.case_number), &json!("tech1"))
        );
        // These decisions were written without entries.
        assert_eq!(
            (&decision["original_technician_full_name"], &decision["audit_entry_id"]),
            (&json!("Ada tech1"), &Json::Null)
        );
        assert_eq!(
            report["timeseries"].as_array().unwrap().last().unwrap(),
            &json!({
                "bucket_start": "2026-12-01T06:00:00.000Z", "bucket_on": "2026-12-01", "series": "corrections_needed", "value": 1
            })
        );
        let csv = by.get("reports/quality-review-audit.csv").await;
        assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
    }

    async fn a_decision_leads_to_the_entry_that_recorded_it(app) {
        // All of it in one instant.
        for _ in 0..2 {
            let case = app.a_case().pending_review().create().await;
            let (worker, reviewer) = (app.as_tech(1).await, app.as_tech(2).await);
            reviewer.post(&case.url("review/request-revisions"), json!({"notes": "again"})).await.expect(200);
            worker.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
            reviewer.post(&case.url("review/approve"), json!({"notes": "clean"})).await.expect(200);
        }
        let by = app.as_manager().await;
        for (query, count) in [("", 4), ("?sort=occurred_at&limit=3", 3), ("?review_status=approved", 2)] {
            let report = by.get(&format!("reports/quality-review-audit{query}")).await.expect(200);
            let rows = report["entries"]["data"].as_array().unwrap();
            assert_eq!(rows.len(), count, "{query}");
            for row in rows {
                let entry = by.get(&format!("audit-log/{}", row["audit_entry_id"].as_str().unwrap())).await.expect(200);
                assert_eq!(entry["action_type"], "review_updated");
                assert_eq!((&entry["case"]["id"], &entry["occurred_at"]), (&row["case_id"], &row["occurred_at"]));
                assert_eq!(entry["metadata"]["review_action"], row["review_status"]);
                assert_eq!(entry["actor"]["id"], row["reviewer_id"]);
                assert_eq!(entry["related_user"]["id"], row["original_technician_id"]);
                assert_eq!(row["original_technician_full_name"], "Ada tech1");
            }
        }
    }

    /// Figures of an hour, of a thousand entries or of none: the same statements.
    async fn a_report_costs_the_same_statements_whatever_it_finds(app) {
        let by = app.as_manager().await;
        let user = by.id();
        let paths = [
            "reports/activity-summary".to_owned(),
            format!("reports/user-activity?user_id={user}"),
            "reports/user-activity/users".to_owned(),
            "reports/case-changes".to_owned(),
            "reports/quality-review-audit".to_owned(),
            "reports/system-events".to_owned(),
        ];
        let mut before = Vec::new();
        for path in &paths {
            app.statements();
            by.get(path).await.expect(200);
            before.push(app.statements().len());
        }
        for _ in 0..3 {
            app.a_case().held().create().await;
        }
        for (path, before) in paths.iter().zip(before) {
            app.statements();
            by.get(path).await.expect(200);
            let after = app.statements();
            // The names of the people in a list cost one statement more than an empty list.
            assert!(after.len() <= before + 1 && after.len() < 24, "{path}: {before} became {}\n{after:#?}", after.len());
        }
    }
}
