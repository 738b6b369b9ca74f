//! A repeated reading is counted: the observer does not fill what is observed.

use super::world::{break_audit_log, outside};
use crate::app::{TestApp, actions};
use api::worker::folding::report_folded;
use chrono::TimeDelta;
use entity::user::Role;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

/// The `folded_count` of each entry; null where it has none.
fn folded(trail: &[Json]) -> Vec<Json> {
    trail.iter().map(|entry| entry["metadata"]["folded_count"].clone()).collect()
}

async fn readings(app: &TestApp) -> Vec<String> {
    let case = app.a_case().accepted().create().await;
    let user = app.tech(2).await;
    vec![
        "audit-log?action_type=login&action_type=logout&since=2026-12-01".to_owned(),
        "reports/activity-summary".to_owned(),
        format!("reports/user-activity?user_id={}&limit=5", user.id),
        "reports/user-activity/users?role=technician".to_owned(),
        "reports/case-changes?change_type=hold".to_owned(),
        "reports/quality-review-audit".to_owned(),
        "reports/system-events?period=this_week".to_owned(),
        case.url("audit-trail"),
        format!("users/{}/audit-trail", user.id),
    ]
}

on_each_database! {
    async fn the_same_reading_within_fifteen_minutes_is_only_counted(app) {
        let paths = readings(app).await;
        for path in &paths {
            let by = app.as_manager().await;
            let mark = app.mark().await;
            for _ in 0..3 {
                by.get(path).await.expect(200);
            }
            app.pass(TimeDelta::minutes(15) - TimeDelta::milliseconds(1));
            // A new session, since tokens are short-lived.
            let by = app.as_manager().await;
            by.get(path).await.expect(200);
            assert_eq!(folded(&app.since(&mark).await), [Json::Null], "{path}");
            app.pass(TimeDelta::milliseconds(1));
            by.get(path).await.expect(200);
            let trail = app.since(&mark).await;
            assert_eq!(folded(&trail), [Json::Null, json!(3)], "{path}");
            assert_eq!((&trail[0]["action_type"], &trail[0]["outcome"]), (&trail[1]["action_type"], &json!("success")));
        }
    }

    async fn what_no_later_reading_tells_is_told_by_the_service(app) {
        let paths = readings(app).await;
        let by = app.as_manager().await;
        for path in &paths {
            by.get(path).await.expect(200);
            by.get(path).await.expect(200);
            app.pass(TimeDelta::milliseconds(1));
        }
        let recorded = app.all_entries().await;
        assert_eq!(report_folded(&app.app).await.unwrap(), 0);
        app.pass(TimeDelta::minutes(15));
        let told = join_all((0..4).map(|_| report_folded(&app.app))).await;
        assert_eq!(told.into_iter().map(|told| told.unwrap()).sum::<u64>(), paths.len() as u64);

        let trail = app.since(&recorded).await;
        assert_eq!(folded(&trail), vec![json!(1); paths.len()]);
        for entry in &trail {
            assert_eq!((&entry["actor_label"], &entry["outcome"]), (&json!("System"), &json!("success")));
            assert_eq!(entry["related_user"]["username"], "manager");
            // What was found may differ: a report on the log counts its first reading.
            let facts = |entry: &Json| {
                let mut metadata = entry["metadata"].clone();
                metadata.as_object_mut().unwrap().retain(|key, _| !["folded_count", "row_count"].contains(&key.as_str()));
                (["action_type", "object_type", "object_id", "case"].map(|key| entry[key].clone()), metadata)
            };
            assert!(recorded.iter().any(|first| facts(first) == facts(entry)), "{entry}");
        }
    }

    async fn what_the_service_tells_of_readings_is_access_and_not_its_own_work(app) {
        let case = app.a_case().accepted().create().await;
        app.as_admin().await.patch("settings", json!({"record_views": true})).await.expect(200);
        let by = app.as_tech(3).await;
        for path in [case.path(), case.path()] {
            by.get(&path).await.expect(200);
        }
        let manager = app.as_manager().await;
        for _ in 0..2 {
            manager.get("audit-log?outcome=failure").await.expect(200);
            manager.get("reports/case-changes").await.expect(200);
        }
        app.pass(TimeDelta::hours(1));
        let figures = async |period: &str| {
            let admin = app.as_admin().await;
            let summary = admin.get(&format!("reports/activity-summary?{period}")).await.expect(200)["summary"].clone();
            let events = admin.get(&format!("reports/system-events?{period}")).await.expect(200);
            let of_system = events["access"].as_array().unwrap().iter().filter(|row| row["username"] == "System").count();
            assert_eq!((of_system, &events["access_total"]), (0, &json!(events["access"].as_array().unwrap().len())));
            ["total_activities", "access_activities", "system_activity_count"].map(|name| summary[name].as_i64().unwrap())
        };
        // Other parameters each time, so that the two readings by which they are found are further activities.
        let [total, access, of_service] = figures("since=2026-12-01T00:00:00Z").await;
        let mark = app.mark().await;
        assert_eq!(report_folded(&app.app).await.unwrap(), 3);
        assert_eq!(app.since(&mark).await.len(), 3);
        assert_eq!(figures("since=2026-11-30T00:00:00Z").await, [total + 5, access + 5, of_service]);
        app.seal().await;
        assert_eq!(figures("since=2026-11-30").await, [total + 7, access + 7, of_service]);
    }

    async fn another_caller_and_other_parameters_are_another_reading(app) {
        let (manager, admin) = (app.as_manager().await, app.as_admin().await);
        let elsewhere = app.as_manager().await;
        let mark = app.mark().await;
        for (by, path) in [
            (&manager, "audit-log?outcome=denied&outcome=failure"),
            (&manager, "audit-log?outcome=failure"),
            (&manager, "audit-log?outcome=failure&q=xyz"),
            (&admin, "audit-log?outcome=failure"),
            (&manager, "reports/case-changes"),
            (&manager, "reports/case-changes?change_type=hold"),
            (&manager, "reports/case-changes?interval=week"),
            (&admin, "reports/case-changes"),
        ] {
            by.get(path).await.expect(200);
        }
        assert_eq!(app.since(&mark).await.len(), 8);
        // The same in another order, on another page, in another session.
        let mark = app.mark().await;
        manager.get("audit-log?outcome=failure&outcome=denied").await.expect(200);
        manager.get("audit-log?q=xyz&outcome=failure&limit=1").await.expect(200);
        elsewhere.get("reports/case-changes").await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn entries_and_exports_are_recorded_each_time(app) {
        let by = app.as_admin().await;
        app.a_case().create().await;
        let entry = app.all_entries().await[0]["id"].as_str().unwrap().to_owned();
        for path in [format!("audit-log/{entry}"), "audit-log/export.csv".to_owned(), "reports/case-changes.csv".to_owned(),
            "exports/cases.csv".to_owned()] {
            let mark = app.mark().await;
            by.get(&path).await;
            let once = app.since(&mark).await.len();
            by.get(&path).await;
            assert!(once > 0 && app.since(&mark).await.len() == 2 * once, "{path}");
        }
    }

    async fn a_reading_that_could_not_be_recorded_was_none(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;
        break_audit_log(app).await;
        by.get("reports/case-changes").await.expect_problem(503, "audit_unavailable");
        outside(app, "DROP TRIGGER full_disk", "DROP TRIGGER full_disk ON audit_entries").await.unwrap();
        by.get("reports/case-changes").await.expect(200);
        assert_eq!(actions(&app.since(&mark).await), ["report_generated"]);
    }

    async fn a_wall_of_dashboards_is_no_person_and_leaves_few_entries(app) {
        let case = app.a_case().accepted().create().await;
        app.as_tech(3).await.post(&case.url("hold"), json!({"reason": "because"})).await.expect(200);
        let account = app.user("grafana", Role::Service, None).await;
        let mark = app.mark().await;
        for _ in 0..12 {
            let wall = app.as_user(&account).await;
            for path in ["reports/activity-summary", "reports/case-changes"] {
                wall.get(&format!("{path}?since=2026-12-01&until=2026-12-01")).await.expect(200);
            }
            app.pass(TimeDelta::minutes(5));
        }
        assert_eq!(app.since(&mark).await.len(), 8, "an entry a quarter of an hour for each report");

        let summary = app.as_manager().await.get("reports/activity-summary").await.expect(200);
        let names = |list: &str| -> Vec<String> {
            summary[list].as_array().unwrap().iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("top_service_accounts"), ["grafana"]);
        assert_eq!(summary["top_service_accounts"][0]["count"], 8);
        assert!(names("top_users").contains(&"tech3".to_owned()) && !names("top_users").contains(&"grafana".to_owned()));
        assert_eq!(summary["summary"]["access_activities"], 8);
    }
}
