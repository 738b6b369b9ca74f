//! Exports: whole, harmless, recorded before the first byte leaves.

use crate::app::actions;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn the_cases_leave_as_lines_and_that_is_recorded(app) {
        let case = app.a_case().held().create().await;
        app.as_member().await.patch(&app.a_case().create().await.path(), json!({"employee_last_name": "=1+1"})).await.expect(200);
        let (manager, mark) = (app.as_manager().await, app.mark().await);

        let csv = manager.get("exports/cases.csv").await;
        let ndjson = manager.get("exports/cases.ndjson").await;

        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(csv.header("content-disposition").starts_with("attachment; filename=\"cases-20261201-"));
        let lines: Vec<&str> = csv.text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("id,case_number,status,workshop_code,member_username,"), "{}", lines[0]);
        assert!(lines[1].contains(&case.case.case_number) && lines[1].contains(",hold,"), "{}", lines[1]);
        assert!(lines[2].contains(",'=1+1,"), "no spreadsheet reckons with it: {}", lines[2]);
        let rows: Vec<Json> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&rows[0]["id"], &rows[0]["tier"], &rows[0]["credit_value"]), (&json!(case.id()), &json!("tier_1"), &json!("2.0")));
        assert_eq!(rows[1]["employee_last_name"], "=1+1");
        let columns: Vec<String> = lines[0].split(',').map(str::to_owned).collect();
        assert!(rows.iter().all(|row| columns.iter().all(|column| row.get(column).is_some())), "{columns:?}");
        assert_eq!(rows[0].as_object().unwrap().len(), columns.len());

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["bulk_export", "bulk_export"]);
        assert_eq!(trail[0]["metadata"], json!({"export_type": "cases", "format": "csv", "record_count": 2, "filters": {}}));
    }

    async fn a_period_narrows_an_export_to_what_was_created_in_it(app) {
        app.a_case().create().await;
        app.pass(chrono::TimeDelta::days(2));
        let late = app.a_case().create().await;
        let (manager, mark) = (app.as_manager().await, app.mark().await);
        let csv = manager.get("exports/cases.csv?since=2026-12-02").await;
        assert_eq!(csv.text.lines().count(), 2);
        assert!(csv.text.contains(&late.case.case_number));
        assert_eq!(app.since(&mark).await[0]["metadata"]["filters"], json!({"since": "2026-12-02"}));
        manager.get("exports/cases.csv?since=2026-12-02&until=2026-12-01").await.expect_problem(400, "invalid_period");
        manager.get("exports/cases.csv?status=hold").await.expect_problem(400, "invalid_parameter");
    }

    async fn people_leave_with_an_administrator_only_and_without_their_secrets(app) {
        let member = app.as_member().await;
        let (manager, admin, mark) = (app.as_manager().await, app.as_admin().await, app.mark().await);
        for caller in [&member, &manager] {
            caller.get("exports/users.csv").await.expect_problem(403, "forbidden");
        }
        let csv = admin.get("exports/users.csv").await;
        assert!(csv.text.starts_with("id,username,email,first_name,last_name,phone_number,workshop_code,role,user_level,is_active,"));
        assert!(csv.text.contains(",member1,") && !csv.text.contains("argon2"));
        let rows = admin.get("exports/users.ndjson").await;
        assert_eq!(rows.text.lines().count(), csv.text.lines().count() - 1);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["bulk_export"; 4]);
        assert_eq!(trail.iter().filter(|entry| entry["outcome"] == "denied").count(), 2);
    }
}
