//! The reports as CSV.

use crate::app::actions;
use serde_json::json;

fn read(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).collect()
}

/// The names of the last columns, and their values by row.
fn last_columns(text: &str, count: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let last = |record: &csv::StringRecord| record.iter().skip(record.len() - count).map(str::to_owned).collect::<Vec<_>>();
    let names = last(reader.headers().unwrap());
    (names, reader.into_records().map(|record| last(&record.unwrap())).collect())
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

    /// What names can't tell apart, and what is renamed or deleted, is joined by ids.
    async fn the_last_columns_of_an_export_are_ids(app) {
        let case = app.a_case().pending_review().create().await;
        let member = app.user("member1", entity::user::Role::Member, None).await;
        let admin = app.as_admin().await;
        admin.post(&case.url("review/approve"), json!({"notes": "fine"})).await.expect(200);
        admin.patch(&format!("users/{}", member.id), json!({"last_name": "Reed"})).await.expect(200);
        admin.get("exports/users.csv").await;
        let of_entries = ["case_id", "actor_id", "related_user_id", "object_type", "object_id", "sequence"];
        let of_decisions = ["case_id", "reviewer_id", "original_technician_id"];
        for (report, columns) in [
            ("user-activity", &of_entries[..]),
            ("case-changes", &of_entries[..]),
            ("system-events", &of_entries[..]),
            ("quality-review-audit", &of_decisions[..]),
        ] {
            let subject = if report == "user-activity" { format!("user_id={}", admin.id()) } else { String::new() };
            // What is shown is then sealed in the report and in its export.
            app.seal().await;
            let shown = admin.get(&format!("reports/{report}?limit=200&{subject}")).await.expect(200);
            let file = admin.get(&format!("reports/{report}.csv?{subject}")).await;

            let (names, rows) = last_columns(&file.text, columns.len());

            assert_eq!(names, columns, "{report}");
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let value = |entry: &serde_json::Value, name: &str| match entry[name].as_i64() {
                Some(number) => number.to_string(),
                None => text(&entry[name]),
            };
            let expected = shown["entries"]["data"].as_array().unwrap().iter();
            let expected: Vec<Vec<String>> =
                expected.map(|entry| columns.iter().map(|name| value(entry, name)).collect()).collect();
            // Reading the report before its export is an event too, and the newest.
            let is_counted = ["user-activity", "system-events"].contains(&report);
            assert_eq!(rows[usize::from(is_counted)..], expected, "{report}");
            for (place, name) in columns.iter().enumerate().filter(|(_, name)| report != "system-events" || **name != "case_id") {
                let is_optional = *name == "related_user_id" && report != "user-activity";
                assert!(is_optional || rows.iter().any(|row| !row[place].is_empty()), "{report}: no {name}");
            }
        }
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
