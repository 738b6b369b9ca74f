//! A manager on Monday morning: what happened last week, on whose cases, by whom, and a file of it for the meeting.

use crate::app::{actions, at};
use serde_json::json;

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
}
