//! Chart and card agree: in every report, for every interval and filter, each series sums to the figure that is shown with it.

use crate::contract::dashboards::populate;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The figures that the series of a report have to sum to, by series.
type Cards = BTreeMap<String, i64>;

fn number(value: &Json) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// The counts of a table, by one of its columns.
fn table(rows: &Json, name: &str) -> Cards {
    rows.as_array().unwrap().iter().map(|row| (row[name].as_str().unwrap().to_owned(), number(&row["count"]))).collect()
}

fn figures(report: &Json, names: &[(&str, &str)]) -> Cards {
    names.iter().map(|(series, figure)| ((*series).to_owned(), number(&report["summary"][figure]))).collect()
}

fn cards(report: &Json) -> Cards {
    match report["report"].as_str().unwrap() {
        "activity_summary" | "user_activity" => {
            let cards = table(&report["by_category"], "category");
            assert_eq!(cards.values().sum::<i64>(), number(&report["summary"]["total_activities"]));
            cards
        }
        "case_changes" => figures(
            report,
            &[
                ("status", "status_changes"),
                ("tier", "tier_changes"),
                ("assignment", "reassignments"),
                ("resubmission", "resubmissions"),
                ("hold", "holds"),
                ("details", "details_changes"),
            ],
        ),
        "quality_review_audit" => {
            figures(report, &["approved", "revisions_requested", "corrections_needed"].map(|decision| (decision, decision)))
        }
        "system_events" => table(&report["by_event_type"], "event_type"),
        other => panic!("no figures for the series of {other}, in tests/it/reports/series.rs"),
    }
}

fn sums(report: &Json) -> Cards {
    let mut sums = Cards::new();
    for point in report["timeseries"].as_array().unwrap() {
        *sums.entry(point["series"].as_str().unwrap().to_owned()).or_default() += number(&point["value"]);
    }
    sums
}

/// Every report with its subjects and filters; `changes` is the history of case changes.
fn questions(user: &str, changes: &Json) -> Vec<String> {
    let text = |pointer: &str| changes.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (case, member) = (text("/entries/data/0/case_id"), text("/by_member/0/user_id"));
    let assignees = changes["by_assignee"].as_array().unwrap();
    let assignee = assignees.iter().find_map(|row| row["user_id"].as_str()).unwrap();
    let filters = [
        ("activity-summary", vec![String::new()]),
        ("user-activity", vec![format!("user_id={user}")]),
        (
            "case-changes",
            vec![
                String::new(),
                "change_type=status".to_owned(),
                "change_type=hold&change_type=tier".to_owned(),
                format!("actor_id={user}"),
                format!("case_id={case}"),
                format!("case_id={case}&change_type=details"),
                format!("member_id={member}"),
                format!("workshop_code={}", text("/by_workshop/0/workshop_code")),
                format!("assigned_to={assignee}&change_type=status"),
            ],
        ),
        ("quality-review-audit", vec![String::new(), "review_status=approved".to_owned(), format!("reviewer_id={user}")]),
        (
            "system-events",
            vec![String::new(), "event_type=cron_job".to_owned(), "outcome=failure&event_type=export_generated".to_owned()],
        ),
    ];
    filters.into_iter().flat_map(|(name, filters)| filters.into_iter().map(move |f| format!("reports/{name}?{f}"))).collect()
}

on_each_database! {
    async fn each_series_sums_to_its_figure(app) {
        populate(app).await;
        let by = app.as_manager().await;
        let summary = by.get("reports/activity-summary?all_time=true").await.expect(200);
        let user = summary["top_users"][0]["user_id"].as_str().unwrap();
        let changes = by.get("reports/case-changes?change_type=hold&limit=1").await.expect(200);
        for question in questions(user, &changes) {
            for period in ["", "&all_time=true", "&since=2026-10-29&until=2026-11-12T17:00:00Z"] {
                for interval in ["day", "week", "month"] {
                    let path = format!("{question}{period}&interval={interval}");
                    let report = by.get(&path).await.expect(200);
                    assert_eq!(sums(&report), cards(&report), "{path}");
                }
            }
        }
        // None of them agree because nothing happened.
        for question in questions(user, &changes) {
            let report = by.get(&format!("{question}&all_time=true&interval=month")).await.expect(200);
            assert!(sums(&report).values().any(|sum| *sum > 0), "{question}");
        }
    }

    /// A hold is a change of status too, and a created case is no change of its status.
    async fn a_change_counts_in_the_series_of_each_of_its_kinds(app) {
        app.a_case().held().create().await;
        app.a_case().create().await;
        let by = app.as_manager().await;

        let report = by.get("reports/case-changes").await.expect(200);

        // Submitted, accepted with an assignee, held.
        let expected = [("assignment", 1), ("details", 0), ("hold", 1), ("resubmission", 0), ("status", 3), ("tier", 0)];
        assert_eq!(sums(&report), Cards::from(expected.map(|(series, count)| (series.to_owned(), count))));
        assert_eq!((&report["summary"]["total_changes"], &report["summary"]["status_changes"]), (&json!(6), &json!(3)));
    }
}
