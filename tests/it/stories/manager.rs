//! A manager on Monday morning: what happened last week, on whose cases, by whom, and a file of it for the meeting; what is open
//! now, and whose work was sent back.

use super::{column, row};
use crate::app::{actions, at};
use serde_json::{Value as Json, json};

/// The names of the periods of reports.
const PERIODS: [&str; 8] =
    ["today", "this_week", "last_week", "this_month", "last_month", "this_quarter", "last_quarter", "last_30_days"];

on_each_database! {
    async fn a_manager_looks_back_at_last_week(app) {
        app.a_case().held().create().await;
        app.clock.set(at("2026-12-09T15:00:00Z"));
        let case = app.a_case().accepted().create().await;
        app.as_tech(3).await.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
        app.clock.set(at("2026-12-14T14:30:00Z"));
        let by = app.as_manager().await;
        let mark = app.mark().await;

        // More or less than the week before?
        let week = by.get("reports/activity-summary?period=last_week").await.expect(200);
        let before = by.get("reports/activity-summary?since=2026-11-30&until=2026-12-06").await.expect(200);
        assert_eq!(
            (&week["period"]["since"], &week["period"]["until"]),
            (&json!("2026-12-07T06:00:00.000Z"), &json!("2026-12-14T06:00:00.000Z"))
        );
        assert_eq!(week["summary"]["previous_total"], before["summary"]["total_activities"]);
        let days: Vec<&str> = week["timeseries"].as_array().unwrap().iter().filter(|point| point["series"] == "case")
            .filter(|point| point["value"] != 0).map(|point| point["bucket_on"].as_str().unwrap()).collect();
        assert_eq!(days, ["2026-12-09"]);

        // Whose cases changed, and how?
        let changes = by.get("reports/case-changes?period=last_week").await.expect(200);
        let workshop = &changes["by_workshop"][0];
        assert_eq!((&workshop["workshop_code"], &workshop["total_changes"]), (&json!("WS001"), &json!(5)));
        let path = "reports/case-changes?period=last_week&workshop_code=WS001&change_type=hold";
        let holds = by.get(path).await.expect(200);
        assert_eq!(holds["entries"]["data"].as_array().unwrap().len(), 1);
        assert_eq!(holds["entries"]["data"][0]["case_id"], json!(case.id()));

        // Who placed cases on hold?
        let holder = &changes["by_actor"][1];
        assert_eq!((&holder["actor_label"], &holder["placed_on_hold"]), (&json!("tech3"), &json!(1)));

        // Who did nothing?
        let users = by.get("reports/user-activity/users?period=last_week&sort=total_activities").await.expect(200);
        let done: Vec<i64> =
            users["entries"]["data"].as_array().unwrap().iter().map(|row| row["total_activities"].as_i64().unwrap()).collect();
        assert_eq!(done, [0, 0, 1], "the member, the manager and the technician");

        // A file in which each row names its case by id.
        let file = by.get("reports/case-changes.csv?period=last_week").await;
        assert!(file.text.lines().skip(1).all(|line| line.contains(&case.id())), "{}", file.text);
        assert_eq!(file.text.lines().count(), 6);
        let left = app.since(&mark).await;
        let readings = ["report_generated"; 5].into_iter().chain(["export_generated"]);
        assert_eq!(actions(&left), readings.collect::<Vec<_>>());
    }

    async fn a_manager_sees_what_is_open_and_whose_work_was_sent_back(app) {
        let sent_back = app.a_case().pending_review().create().await;
        app.a_case().pending_review().create().await;
        app.a_case().submitted().create().await;
        let held = app.a_case().accepted().create().await;
        let hold = json!({"reason": "waiting", "hold_duration_days": 1});
        app.as_tech(3).await.post(&held.url("hold"), hold).await.expect(200);
        let decision = json!({"notes": "the second report"});
        app.as_tech(2).await.post(&sent_back.url("review/request-revisions"), decision).await.expect(200);
        app.clock.set(at("2026-12-07T14:30:00Z"));
        let by = app.as_manager().await;
        let mark = app.mark().await;

        // What is open now, for how long, and with whom?
        let workload = by.get("reports/activity-summary?period=last_week").await.expect(200)["workload"].clone();
        let figures = ["open_cases", "unassigned", "overdue", "on_hold", "overdue_holds", "waiting_for_review"];
        assert_eq!(figures.map(|figure| workload["summary"][figure].clone()), [4, 1, 0, 1, 1, 1]);
        assert_eq!(workload["summary"]["longest_hold_seconds"], 6 * 86_400 - 30 * 60);
        assert_eq!(workload["holds"][0]["case_id"], held.id());
        let on_hold = row(&workload["by_status"], "status", "hold");
        assert_eq!((&on_hold["open_cases"], &on_hold["from_3_days"]), (&json!(1), &json!(1)));
        assert_eq!(row(&workload["by_technician"], "username", "tech1")["open_cases"], 2);
        assert_eq!(row(&workload["by_technician"], "username", "tech3")["on_hold"], 1);
        assert_eq!(row(&workload["by_workshop"], "workshop_code", "WS001")["open_cases"], 4);

        // Whose work was sent back, and by whom?
        let quality = by.get("reports/quality-review-audit?period=last_week").await.expect(200);
        assert_eq!(column(&quality["reviewers"], "/username"), ["tech2"]);
        let reviewed = row(&quality["by_technician"], "username", "tech1");
        assert_eq!((&reviewed["total_reviews"], &reviewed["revisions_requested"]), (&json!(1), &json!(1)));

        // Whose cases changed?
        let changes = by.get("reports/case-changes?period=last_week").await.expect(200);
        assert_eq!(column(&changes["by_member"], "/username"), ["member1"]);
        assert_eq!(column(&changes["by_workshop"], "/workshop_code"), ["WS001"]);
        let assignees = column(&changes["by_assignee"], "/username");
        for assignee in [json!("tech1"), json!("tech3"), Json::Null] {
            assert!(assignees.contains(&assignee), "{assignees:?}");
        }
        assert_eq!(actions(&app.since(&mark).await), ["report_generated"; 3]);
    }

    async fn a_manager_asks_for_each_report_by_the_name_of_a_period(app) {
        app.a_case().held().create().await;
        let by = app.as_manager().await;
        for report in [
            "activity-summary?".to_owned(),
            format!("user-activity?user_id={}&", by.id()),
            "user-activity/users?".to_owned(),
            "case-changes?".to_owned(),
            "quality-review-audit?".to_owned(),
            "system-events?".to_owned(),
        ] {
            for period in PERIODS {
                let mark = app.mark().await;
                let found = by.get(&format!("reports/{report}period={period}")).await.expect(200);
                let said = (&found["period"]["defaulted"], &found["period"]["time_zone"]);
                assert_eq!(said, (&json!(false), &json!("America/Chicago")), "{report}{period}");
                let trail = app.since(&mark).await;
                assert_eq!(actions(&trail), ["report_generated"], "{report}{period}");
                assert_eq!(trail[0]["metadata"]["parameters"]["period"], period, "{report}");
            }
        }
    }
}
