//! Who may read a report, and the entries that reading one writes.

use crate::app::actions;
use serde_json::json;

const PATHS: [&str; 6] = [
    "reports/activity-summary",
    "reports/user-activity?user_id=01a20725-be30-7584-bca5-f00e655c90d6",
    "reports/user-activity/users",
    "reports/case-changes",
    "reports/quality-review-audit",
    "reports/system-events",
];

on_each_database! {
    /// R4: the response never contains the entry it causes, and the entry exists once the response is received.
    async fn a_report_is_computed_before_its_reading_is_recorded(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let first = by.get("reports/system-events?event_type=reports&interval=week").await.expect(200);
        let second = by.get("reports/system-events?event_type=reports").await.expect(200);

        assert_eq!(first["entries"]["data"], json!([]));
        assert_eq!(second["entries"]["data"].as_array().unwrap().len(), 1);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["report_generated", "report_generated"]);
        assert_eq!(trail[0]["metadata"], json!({
            "report_type": "system_events",
            "parameters": {"event_type": ["reports"], "interval": "week"},
            "row_count": 0,
        }));
        assert_eq!((&trail[1]["metadata"]["row_count"], &trail[1]["source"]), (&json!(1), &json!("endpoint")));
    }

    async fn the_next_page_continues_the_same_report_without_another_entry(app) {
        app.a_case().completed().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;

        let first = by.get("reports/case-changes?limit=2&sort=occurred_at").await;
        let page = first.expect(200);
        app.pass(chrono::TimeDelta::hours(48));
        app.a_case().held().create().await;
        let cursor = page["entries"]["page"]["next_cursor"].as_str().unwrap();
        assert!(first.header("link").contains(cursor) && first.header("cache-control") == "no-store");
        let by = app.as_manager().await;
        let next = by.get(&format!("reports/case-changes?limit=100&sort=occurred_at&cursor={cursor}")).await.expect(200);

        assert_eq!((&next["period"], &next["summary"]), (&page["period"], &page["summary"]), "what came later isn't in it");
        let listed = |report: &serde_json::Value| report["entries"]["data"].as_array().unwrap().len();
        assert_eq!(listed(&page) + listed(&next), page["summary"]["total_changes"].as_u64().unwrap() as usize);
        let read = app.since(&mark).await.into_iter().filter(|entry| entry["action_type"] == "report_generated").count();
        assert_eq!(read, 1);
        let other = format!("reports/case-changes?limit=2&sort=-occurred_at&cursor={cursor}");
        by.get(&other).await.expect_problem(400, "invalid_cursor");
    }

    async fn technicians_cannot_read_reports_and_service_accounts_with_the_scope_can(app) {
        for path in PATHS {
            app.as_anonymous().get(path).await.expect_problem(401, "unauthorized");
            let by = app.as_tech(3).await;
            let mark = app.mark().await;
            by.get(path).await.expect_problem(403, "forbidden");
            let trail = app.since(&mark).await;
            assert_eq!((actions(&trail), &trail[0]["outcome"]), (vec!["report_generated"], &json!("denied")));
        }
        let service = app.user("service1", entity::user::Role::Service, None).await;
        let service = app.as_user(&service).await;
        service.get("reports/activity-summary").await.expect(200);
        let mark = app.mark().await;
        let catalogue = service.get("reports").await.expect(200);
        assert_eq!(catalogue["data"].as_array().unwrap().len(), 5);
        assert_eq!(app.since(&mark).await.len(), 0);
    }
}
