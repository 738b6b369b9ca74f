//! Lists and exports of a period by its name, in civil days of the service's time zone.

use crate::app::{Client, TestApp, actions, at};
use chrono::TimeDelta;
use serde_json::json;

/// In Chicago: on a Sunday at noon, in the last millisecond of the Saturday after it, and in the first and the last one of the
/// next Sunday, which has 23 hours.
const CREATED: [&str; 4] =
    ["2027-03-07T18:00:00Z", "2027-03-14T05:59:59.999Z", "2027-03-14T06:00:00Z", "2027-03-15T04:59:59.999Z"];

async fn create_cases(app: &TestApp) {
    for time in CREATED {
        app.clock.set(at(time));
        app.a_case().create().await;
    }
}

/// The number of cases, or of entries about their creation, that each list and each export of a period has.
async fn counts(by: &Client<'_>, period: &str) -> [usize; 7] {
    let log = format!("action_type=case_created&{period}");
    let list = async |path: String| by.get(&path).await.expect(200)["data"].as_array().unwrap().len();
    let lines = async |path: String| by.get(&path).await.text.lines().count();
    let counted = by.get(&format!("cases/counts?by=status&{period}")).await.expect(200);
    [
        list(format!("cases?{period}")).await,
        usize::try_from(counted["total_cases"].as_u64().unwrap()).unwrap(),
        list(format!("audit-log?{log}")).await,
        lines(format!("audit-log/export.ndjson?{log}")).await,
        lines(format!("audit-log/export.csv?{log}")).await - 1,
        lines(format!("exports/cases.ndjson?{period}")).await,
        lines(format!("exports/cases.csv?{period}")).await - 1,
    ]
}

on_each_database! {
    async fn lists_and_exports_cover_a_period_by_its_name(app) {
        create_cases(app).await;
        let by = app.as_manager().await;
        for (name, count) in [
            ("today", 2),
            ("this_week", 3),
            ("last_week", 1),
            ("this_month", 4),
            ("last_month", 0),
            ("this_quarter", 4),
            ("last_quarter", 0),
            ("last_30_days", 4),
        ] {
            assert_eq!(counts(&by, &format!("period={name}")).await, [count; 7], "{name} on a Sunday");
        }
        // One millisecond later it is Monday.
        app.clock.set(at("2027-03-15T05:00:00Z"));
        app.a_case().create().await;
        let by = app.as_manager().await;
        for (name, count) in [("today", 1), ("this_week", 1), ("last_week", 3), ("this_month", 5), ("last_30_days", 5)] {
            assert_eq!(counts(&by, &format!("period={name}")).await, [count; 7], "{name} on a Monday");
        }
        // In Tokyo, Monday began fourteen hours before that.
        app.as_admin().await.patch("settings", json!({"time_zone": "Asia/Tokyo"})).await.expect(200);
        for (name, count) in [("today", 2), ("this_week", 2), ("last_week", 3)] {
            assert_eq!(counts(&by, &format!("period={name}")).await, [count; 7], "{name} in Tokyo");
        }
    }

    async fn the_trails_of_a_case_and_a_user_cover_a_period_by_its_name(app) {
        let case = app.a_case().accepted().create().await;
        app.clock.set(at("2026-12-09T15:00:00Z"));
        let tech = app.as_tech(3).await;
        tech.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
        let (by, user) = (app.as_manager().await, tech.id());
        let types = ["created", "submitted", "status_changed", "assigned", "held"].map(|verb| format!("action_type=case_{verb}"));
        let types = types.join("&");
        let trails =
            [format!("cases/{}/audit-trail?{types}", case.id()), format!("users/{user}/audit-trail?as=actor&{types}")];
        for (name, of_case, of_user) in [("today", 1, 1), ("this_week", 1, 1), ("last_week", 4, 0), ("last_30_days", 5, 1)] {
            for (trail, count) in trails.iter().zip([of_case, of_user]) {
                let (mark, path) = (app.mark().await, format!("{trail}&period={name}"));
                let entries = by.get(&path).await.expect(200);
                assert_eq!(entries["data"].as_array().unwrap().len(), count, "{path}");
                assert_eq!(app.since(&mark).await[0]["metadata"]["filters"]["period"], name);
            }
            let own = tech.get(&format!("auth/me/activity?action_type=case_held&period={name}")).await.expect(200);
            assert_eq!(own["data"].as_array().unwrap().len(), of_user, "{name}");
        }
    }

    async fn the_log_has_the_name_of_the_period_that_was_read(app) {
        let by = app.as_manager().await;
        for path in ["audit-log", "audit-log/export.csv", "exports/cases.ndjson"] {
            let mark = app.mark().await;
            assert_eq!(by.get(&format!("{path}?period=last_week")).await.status(), 200, "{path}");
            let left = app.since(&mark).await;
            assert!(!left.is_empty(), "{path}");
            for entry in left {
                assert_eq!(entry["metadata"]["filters"], json!({"period": "last_week"}), "{path}");
            }
        }
    }

    async fn a_name_together_with_ends_is_refused_and_nothing_is_recorded(app) {
        let (by, case) = (app.as_manager().await, app.a_case().create().await);
        let mark = app.mark().await;
        for path in ["cases?", "cases/counts?by=status&", "audit-log?", "audit-log/export.ndjson?", "exports/cases.csv?"] {
            for (query, code) in [
                ("period=today&since=2026-12-01", "invalid_period"),
                ("until=2026-12-01T15:00:00Z&period=last_month", "invalid_period"),
                ("period=this_year", "invalid_parameter"),
                ("period=", "invalid_parameter"),
                ("period=today&period=last_week", "invalid_parameter"),
            ] {
                let answer = by.get(&format!("{path}{query}")).await;
                answer.expect_problem(400, code);
                assert_eq!(answer.faults(), ["query /period"], "{path}{query}");
            }
        }
        let trail = by.get(&format!("{}/audit-trail?period=today&until=2026-12-01", case.path())).await;
        trail.expect_problem(400, "invalid_period");
        assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new());
    }

    /// A changed field requires a period of at most 31 days.
    async fn a_short_period_by_its_name_suffices_where_one_is_required(app) {
        let by = app.as_manager().await;
        for (name, status) in [("today", 200), ("last_30_days", 200), ("last_month", 200), ("this_quarter", 422)] {
            let answer = by.get(&format!("audit-log?changed_field=status&period={name}")).await;
            assert_eq!(answer.status(), status, "{name}: {}", answer.text);
        }
    }

    /// Otherwise the pages of one list would belong to two weeks.
    async fn the_pages_of_a_list_cover_the_week_of_the_first_one(app) {
        app.clock.set(at("2026-12-04T15:00:00Z"));
        for _ in 0..3 {
            app.a_case().create().await;
        }
        // On Sunday evenings in Chicago, one millisecond before a week is over.
        for (page_at, name) in [("2026-12-07T05:59:59.999Z", "this_week"), ("2026-12-14T05:59:59.999Z", "last_week")] {
            app.clock.set(at(page_at));
            let (by, mut lists) = (app.as_manager().await, Vec::new());
            for list in ["cases?", "audit-log?action_type=case_created&"] {
                let path = format!("{list}period={name}&limit=2");
                let first = by.get(&path).await.expect(200);
                assert_eq!(first["data"].as_array().unwrap().len(), 2, "{path}");
                lists.push((path, first["page"]["next_cursor"].as_str().unwrap().to_owned()));
            }
            app.pass(TimeDelta::days(7));
            let by = app.as_manager().await;
            for (path, cursor) in lists {
                let next = by.get(&format!("{path}&cursor={cursor}")).await.expect(200);
                assert_eq!(next["data"].as_array().unwrap().len(), 1, "{path}");
                assert_eq!(by.get(&path).await.expect(200)["data"], json!([]), "{path}");
            }
        }
    }
}
