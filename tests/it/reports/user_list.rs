//! The activity of all users as a table: also of those who did nothing, page by page, and as CSV.

use crate::app::{Client, TestApp, actions};
use chrono::TimeDelta;
use entity::user::Role;
use serde_json::{Value as Json, json};

/// The users of the table by their names. Of two deleted users, only `gone` did something.
const USERNAMES: [&str; 7] = ["admin", "gone", "idle", "manager", "member1", "service1", "tech3"];

/// A period that ends before the reports of a test are read, so that these don't count.
const BEFORE: &str = "since=2026-11-01&until=2026-12-01T15:00:00.500Z";

/// A manager reads the reports one second after all of this.
async fn arrange(app: &TestApp) -> Client<'_> {
    let case = app.a_case().accepted().create().await;
    app.as_tech(3).await.post(&case.url("hold"), json!({"reason": "waiting"})).await.expect(200);
    app.user("service1", Role::Service, None).await;
    let idle = app.user("idle", Role::Manager, None).await;
    let gone = app.user("gone", Role::Manager, None).await;
    let never = app.user("never", Role::Manager, None).await;
    app.as_user(&gone).await.get("reports/activity-summary").await.expect(200);
    let admin = app.as_admin().await;
    admin.post(&format!("users/{}/deactivate", idle.id), json!({"reason": "on leave"})).await.expect(200);
    for user in [gone, never] {
        assert_eq!(admin.delete(&format!("users/{}?reason=left", user.id)).await.status(), 204);
    }
    app.user("manager", Role::Manager, None).await;
    app.pass(TimeDelta::seconds(1));
    app.as_manager().await
}

/// The same after the manager read the table once: their last activity is that instant from then on.
async fn arrange_and_read(app: &TestApp) -> Client<'_> {
    let by = arrange(app).await;
    by.get("reports/user-activity/users").await.expect(200);
    by
}

fn rows(report: &Json) -> &[Json] {
    report["entries"]["data"].as_array().unwrap()
}

fn names(report: &Json) -> Vec<&str> {
    rows(report).iter().map(|row| row["username"].as_str().unwrap()).collect()
}

fn row<'a>(report: &'a Json, username: &str) -> &'a Json {
    rows(report).iter().find(|row| row["username"] == username).unwrap()
}

/// Every page of two rows, one after the other.
async fn walk(by: &Client<'_>, path: &str) -> Vec<Json> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = by.get(&format!("{path}&limit=2{cursor}")).await.expect(200);
        found.extend(rows(&page).iter().cloned());
        match page["entries"]["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

on_each_database! {
    async fn every_user_is_listed_also_those_who_did_nothing(app) {
        let by = arrange(app).await;
        let mark = app.mark().await;

        let report = by.get("reports/user-activity/users").await.expect(200);

        assert_eq!(report["report"], "user_activity");
        assert_eq!(names(&report), USERNAMES);
        let done = |row: &Json, keep: &dyn Fn(&Json) -> bool| {
            let theirs = mark.iter().filter(|entry| entry["outcome"] == "success" && entry["actor"]["id"] == row["id"]);
            theirs.filter(|entry| keep(entry)).count()
        };
        for row in rows(&report) {
            assert_eq!(row["total_activities"], done(row, &|_| true), "{row}");
            assert_eq!(row["case_activities"], done(row, &|entry| !entry["case"].is_null()), "{row}");
            assert_eq!(row["last_activity_at"].is_null(), row["total_activities"] == 0, "{row}");
        }
        let tech = row(&report, "tech3");
        assert_eq!(tech, &json!({
            "id": app.tech(3).await.id, "username": "tech3", "full_name": "Ada tech3", "email": "tech3@example.org",
            "role": "technician", "user_level": "level_3", "is_active": true, "deleted_at": null, "total_activities": 1,
            "case_activities": 1, "last_activity_at": "2026-12-01T15:00:00.000Z",
            "last_activity_overall_at": "2026-12-01T15:00:00.000Z",
        }));
        let count = |username: &str| row(&report, username)["total_activities"].as_u64().unwrap();
        assert_eq!(["manager", "member1", "service1", "idle", "gone", "admin"].map(count), [0, 0, 0, 0, 1, 3]);
        assert_eq!((&row(&report, "idle")["is_active"], row(&report, "gone")["deleted_at"].is_null()), (&json!(false), false));
        assert_eq!(report["summary"], json!({"total_users": 7, "active_users": 3, "total_activities": 5}));
        let left = app.since(&mark).await;
        assert_eq!(actions(&left), ["report_generated"]);
        assert_eq!(left[0]["metadata"], json!({"report_type": "user_activity", "parameters": {}, "row_count": 7}));
    }

    async fn pages_make_up_the_table_in_each_order(app) {
        let by = arrange_and_read(app).await;
        for sort in ["username", "-username", "total_activities", "-total_activities"] {
            let path = format!("reports/user-activity/users?{BEFORE}&sort={sort}");
            let whole = by.get(&format!("{path}&include_total=true")).await.expect(200);
            let mark = app.mark().await;

            let found = walk(&by, &path).await;

            assert_eq!(actions(&app.since(&mark).await), ["report_generated"], "{sort}: its pages are one reading");
            assert_eq!(found, rows(&whole), "{sort}");
            assert_eq!(whole["entries"]["page"]["total"], 7);
            let key = |row: &Json| match sort.trim_start_matches('-') {
                "username" => (row["username"].to_string(), 0),
                _ => (String::new(), row["total_activities"].as_i64().unwrap()),
            };
            let keys: Vec<_> = found.iter().map(key).collect();
            let is_sorted = if sort.starts_with('-') { keys.is_sorted_by(|a, b| a >= b) } else { keys.is_sorted() };
            assert!(is_sorted, "{sort}: {keys:?}");
        }
        let first = by.get(&format!("reports/user-activity/users?{BEFORE}&limit=2")).await.expect(200);
        let cursor = first["entries"]["page"]["next_cursor"].as_str().unwrap();
        let other = by.get(&format!("reports/user-activity/users?{BEFORE}&sort=-username&cursor={cursor}")).await;
        other.expect_problem(400, "invalid_cursor");
    }

    /// What happens between two pages is in none of them.
    async fn the_pages_of_a_table_cover_the_period_of_the_first_one(app) {
        let by = arrange(app).await;
        let path = "reports/user-activity/users?sort=-total_activities&limit=3";
        let first = by.get(path).await.expect(200);
        app.pass(TimeDelta::seconds(1));
        let by = app.as_manager().await;
        let cursor = first["entries"]["page"]["next_cursor"].as_str().unwrap();

        let next = by.get(&format!("{path}&cursor={cursor}")).await.expect(200);

        assert_eq!(next["period"], first["period"]);
        assert_eq!(names(&first)[0], "admin");
        assert!(rows(&next).iter().all(|row| !rows(&first).contains(row)));
        let later = by.get("reports/user-activity/users?period=this_week").await.expect(200);
        assert_eq!(row(&later, "manager")["total_activities"], 1, "the first page was a reading");
    }

    async fn a_role_narrows_the_table_and_not_its_figures(app) {
        let by = arrange(app).await;
        let all = by.get(&format!("reports/user-activity/users?{BEFORE}")).await.expect(200);

        let path = format!("reports/user-activity/users?{BEFORE}&role=technician&role=member&include_total=true");
        let some = by.get(&path).await.expect(200);

        assert_eq!((names(&some), &some["entries"]["page"]["total"]), (vec!["member1", "tech3"], &json!(2)));
        assert_eq!((&some["summary"], &some["filters"]), (&all["summary"], &json!({"role": ["technician", "member"]})));
    }

    async fn a_period_without_activity_lists_users_with_the_time_of_their_last(app) {
        let by = arrange(app).await;
        let report = by.get("reports/user-activity/users?period=last_month").await.expect(200);
        let expected: Vec<&str> = USERNAMES.into_iter().filter(|name| *name != "gone").collect();
        assert_eq!(names(&report), expected);
        assert_eq!(report["summary"], json!({"total_users": 6, "active_users": 0, "total_activities": 0}));
        let tech = row(&report, "tech3");
        assert_eq!(tech["last_activity_at"], Json::Null);
        assert_eq!(tech["last_activity_overall_at"], "2026-12-01T15:00:00.000Z");
        assert_eq!(row(&report, "service1")["last_activity_overall_at"], Json::Null);
    }

    async fn the_table_is_exported_in_its_order(app) {
        let by = arrange_and_read(app).await;
        let query = format!("{BEFORE}&sort=-total_activities&role=administrator&role=manager&role=technician");
        let shown = by.get(&format!("reports/user-activity/users?{query}")).await.expect(200);
        let mark = app.mark().await;

        let answer = by.get(&format!("reports/user-activity/users.csv?{query}")).await;

        assert_eq!(answer.status(), 200, "{}", answer.text);
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\"user-activity-"));
        let mut file = csv::Reader::from_reader(answer.text.as_bytes());
        let columns: Vec<String> = file.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(columns.len(), 12);
        let text = |value: &Json| match value {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let expected: Vec<Vec<String>> =
            rows(&shown).iter().map(|row| columns.iter().map(|name| text(&row[name.as_str()])).collect()).collect();
        let found: Vec<Vec<String>> =
            file.into_records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(found, expected);
        assert_eq!(found.len(), 5);
        let left = app.since(&mark).await;
        assert_eq!(actions(&left), ["export_generated"]);
        let metadata = &left[0]["metadata"];
        assert_eq!((&metadata["export_type"], &metadata["record_count"]), (&json!("user_activity"), &json!(5)));
    }

    async fn a_bad_parameter_of_the_table_is_refused_by_name(app) {
        let by = app.as_manager().await;
        for (query, code, fault) in [
            ("user_id=01a20725-be30-7584-bca5-f00e655c90d6", "invalid_parameter", "query /user_id"),
            ("interval=day", "invalid_parameter", "query /interval"),
            ("sort=occurred_at", "invalid_parameter", "query /sort"),
            ("role=boss", "invalid_parameter", "query /role"),
            ("limit=201", "invalid_parameter", "query /limit"),
            ("since=2026-02-02&until=2026-02-01", "invalid_period", "query /since"),
            ("period=this_week&since=2026-02-02", "invalid_period", "query /period"),
        ] {
            let answer = by.get(&format!("reports/user-activity/users?{query}")).await;
            answer.expect_problem(400, code);
            assert_eq!(answer.faults(), [fault], "{query}");
        }
        app.as_member().await.get("reports/user-activity/users").await.expect_problem(403, "forbidden");
    }
}
