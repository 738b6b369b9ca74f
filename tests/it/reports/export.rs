//! The reports as CSV.

use crate::app::actions;
use serde_json::json;

fn read(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).collect()
}

on_each_database! {
    async fn the_rows_of_a_report_are_exported_and_the_export_is_recorded(app) {
        let case = app.a_case().accepted().create().await;
        let tech = app.as_tech(3).await;
        tech.post(&case.url("hold"), json!({"reason": "=cmd, \"quoted\"\nand more"})).await.expect(200);
        let by = app.as_manager().await;
        let shown = by.get("reports/case-changes?limit=200").await.expect(200);
        let mark = app.mark().await;

        let answer = by.get("reports/case-changes.csv").await;

        assert_eq!(answer.status(), 200, "{}", answer.text);
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"case-changes-20261201-150000.csv\"");
        assert!(answer.header("content-type").starts_with("text/csv") && answer.header("cache-control") == "no-store");
        let rows = read(&answer.text);
        let shown = shown["entries"]["data"].as_array().unwrap();
        assert_eq!(rows.len(), shown.len());
        assert_eq!(
            rows.iter().map(|row| row[0].to_owned()).collect::<Vec<_>>(),
            shown.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        );
        assert!(rows[0][14].contains("=cmd, \\\"quoted\\\"\\nand more"), "{}", &rows[0][14]);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["export_generated"]);
        assert_eq!(trail[0]["metadata"]["export_type"], "case_changes");
        assert_eq!(trail[0]["metadata"]["record_count"], shown.len());
    }

    async fn every_report_can_be_exported(app) {
        app.a_case().pending_review().create().await;
        let by = app.as_manager().await;
        let user = format!("reports/user-activity.csv?user_id={}", by.id());
        let paths = [
            "reports/activity-summary.csv",
            &user,
            "reports/quality-review-audit.csv?sort=occurred_at",
            "reports/system-events.csv",
        ];
        for path in paths {
            let answer = by.get(path).await;
            assert_eq!(answer.status(), 200, "{path} {}", answer.text);
            assert!(answer.text.lines().next().unwrap().contains(','));
        }
        by.get("reports/system-events.csv?limit=3").await.expect_problem(400, "invalid_parameter");
        app.as_member().await.get("reports/system-events.csv").await.expect_problem(403, "forbidden");
    }
}
