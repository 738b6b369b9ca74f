//! The workload: what is open now, how old it is, and with whom, whatever the period of the report.

use chrono::TimeDelta;
use entity::user::{Level, Role};
use serde_json::{Value as Json, json};

/// One column of a table.
fn column<'a>(table: &'a Json, name: &str) -> Vec<&'a Json> {
    table.as_array().unwrap().iter().map(|row| &row[name]).collect()
}

fn sum(table: &Json, name: &str) -> i64 {
    column(table, name).into_iter().map(|value| value.as_i64().unwrap()).sum()
}

fn row<'a>(table: &'a Json, key: &str, value: &str) -> &'a Json {
    table.as_array().unwrap().iter().find(|row| row[key] == value).unwrap_or_else(|| panic!("no {value} in {table}"))
}

on_each_database! {
    async fn the_workload_is_what_is_open_now_whatever_the_period(app) {
        let one = app.user("member1", Role::Member, None).await;
        let two = app.user("member2", Role::Member, None).await;
        app.as_admin().await.patch(&format!("users/{}", two.id), json!({"workshop_code": "WS002"})).await.expect(200);
        let two = app.user("member2", Role::Member, None).await;
        app.user("tech4", Role::Technician, Some(Level::Two)).await;
        app.a_case().owned_by(&one).assigned_to(&app.tech(3).await).accepted().create().await;
        let held = app.a_case().owned_by(&two).assigned_to(&app.tech(2).await).held().create().await;
        app.pass(TimeDelta::days(10));
        app.a_case().owned_by(&one).submitted().create().await;
        app.a_case().owned_by(&one).create().await;
        app.a_case().owned_by(&two).pending_review().create().await;
        app.a_case().owned_by(&two).completed().create().await;
        let deleted = app.a_case().owned_by(&two).submitted().create().await;
        app.as_admin().await.delete(&format!("{}?reason=twice", deleted.path())).await.expect(204);
        app.pass(TimeDelta::days(5));
        let by = app.as_manager().await;

        let report = by.get("reports/activity-summary").await.expect(200);

        let workload = &report["workload"];
        // The first two cases were due after fourteen days.
        assert_eq!(workload["summary"], json!({
            "as_of": "2026-12-16T15:00:00.000Z", "open_cases": 5, "unassigned": 2, "overdue": 2, "on_hold": 1, "overdue_holds": 0,
            "longest_hold_seconds": 15 * 86_400, "waiting_for_review": 1, "technicians_total": 4, "workshops_total": 2,
        }));
        let statuses = ["draft", "submitted", "accepted", "hold", "pending_review", "needs_resubmission", "resubmitted"];
        assert_eq!(column(&workload["by_status"], "status"), statuses);
        assert_eq!(column(&workload["by_status"], "open_cases"), [1, 1, 1, 1, 1, 0, 0]);
        assert_eq!(column(&workload["by_status"], "from_3_days"), [1, 1, 0, 0, 1, 0, 0]);
        assert_eq!(column(&workload["by_status"], "from_14_days"), [0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(column(&workload["by_status"], "overdue"), [0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(row(&workload["by_status"], "status", "hold")["oldest_at"], "2026-12-01T15:00:00.000Z");
        assert_eq!(row(&workload["by_status"], "status", "resubmitted")["oldest_at"], Json::Null);
        assert_eq!(workload["holds"], json!([{
            "case_id": held.id(), "case_number": held.case.case_number, "workshop_code": "WS002",
            "assigned_to_id": held.case.assigned_to_id, "assigned_to_username": "tech2", "held_at": "2026-12-01T15:00:00.000Z",
            "held_seconds": 15 * 86_400, "expected_end_at": null, "is_overdue": false,
        }]));
        assert_eq!(column(&workload["by_technician"], "username"), ["tech1", "tech2", "tech3", "tech4"]);
        assert_eq!(column(&workload["by_technician"], "open_cases"), [1, 1, 1, 0]);
        assert_eq!(row(&workload["by_technician"], "username", "tech2"), &json!({
            "user_id": held.case.assigned_to_id, "username": "tech2", "full_name": "Ada tech2", "role": "technician",
            "user_level": "level_2", "open_cases": 1, "in_progress": 0, "on_hold": 1, "waiting_for_review": 0, "overdue": 1,
            "oldest_at": "2026-12-01T15:00:00.000Z",
        }));
        assert_eq!(column(&workload["by_workshop"], "workshop_code"), ["WS001", "WS002"]);
        assert_eq!(column(&workload["by_workshop"], "open_cases"), [3, 2]);
        // The tables make up the figures.
        let summary = &workload["summary"];
        for (table, figure) in [("by_status", "open_cases"), ("by_status", "overdue"), ("by_status", "unassigned"),
            ("by_workshop", "open_cases"), ("by_workshop", "overdue"), ("by_workshop", "on_hold"),
            ("by_technician", "waiting_for_review")] {
            assert_eq!(summary[figure], sum(&workload[table], figure), "{table} {figure}");
        }
        let assigned = summary["open_cases"].as_i64().unwrap() - summary["unassigned"].as_i64().unwrap();
        assert_eq!(sum(&workload["by_technician"], "open_cases"), assigned);
    }

    async fn a_period_changes_nothing_of_the_workload_and_the_csv_has_its_rows_as_before(app) {
        let two = app.user("member2", Role::Member, None).await;
        app.as_admin().await.patch(&format!("users/{}", two.id), json!({"workshop_code": "WS002"})).await.expect(200);
        let two = app.user("member2", Role::Member, None).await;
        app.a_case().owned_by(&two).held().create().await;
        let by = app.as_manager().await;
        let workload = &by.get("reports/activity-summary").await.expect(200)["workload"];
        assert_eq!(workload["summary"]["on_hold"], 1);
        for period in ["since=2026-10-01&until=2026-10-31", "period=this_week", "since=2027-01-01"] {
            let other = by.get(&format!("reports/activity-summary?{period}")).await.expect(200);
            assert_eq!(&other["workload"], workload, "{period}");
        }
        let csv = by.get("reports/activity-summary.csv").await;
        assert!(csv.text.starts_with("action_type,label,category,count,percent\r\n"), "{}", csv.text);
        assert!(!csv.text.contains("WS002"), "{}", csv.text);
    }

    async fn technicians_are_listed_while_active_and_others_while_cases_are_assigned_to_them(app) {
        let idle = app.user("tech4", Role::Technician, Some(Level::Two)).await;
        app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
        app.a_case().assigned_to(&app.tech(3).await).accepted().create().await;
        let held = app.a_case().assigned_to(&app.tech(2).await).held().create().await;
        let by = app.as_manager().await;
        let admin = app.as_admin().await;
        admin.post(&format!("users/{}/deactivate", idle.id), json!({"reason": "left"})).await.expect(200);
        let body = json!({"assigned_to": by.id(), "reason": "urgent"});
        admin.post(&held.url("assign"), body).await.expect(200);
        let workload = by.get("reports/activity-summary").await.expect(200)["workload"].clone();
        assert_eq!(column(&workload["by_technician"], "username"), ["manager", "tech1", "tech3", "tech2"]);
        assert_eq!(column(&workload["by_technician"], "open_cases"), [1, 1, 1, 0]);
        assert_eq!(workload["summary"]["technicians_total"], 4);
    }

    async fn cases_are_counted_by_their_age_to_the_millisecond(app) {
        let day = TimeDelta::days(1);
        let mut ages = vec![TimeDelta::zero(), day * 3 - TimeDelta::milliseconds(1)];
        ages.extend([3, 7, 14, 30].map(|days| day * days));
        let now = app.clock.now() + day * 40;
        for age in ages.iter().rev() {
            app.clock.set(now - *age);
            app.a_case().submitted().create().await;
        }
        let report = app.as_manager().await.get("reports/activity-summary").await.expect(200);
        let submitted = row(&report["workload"]["by_status"], "status", "submitted");
        let counts = ["under_3_days", "from_3_days", "from_7_days", "from_14_days", "from_30_days"].map(|age| &submitted[age]);
        assert_eq!(counts, [2, 1, 1, 1, 1]);
        // Due fourteen days after their creation: one is due today and not late yet.
        assert_eq!(submitted["overdue"], 1);
    }

    async fn a_hold_is_overdue_after_its_expected_end_and_gone_when_resumed(app) {
        let long = app.a_case().assigned_to(&app.tech(2).await).held().create().await;
        app.pass(TimeDelta::hours(1));
        let brief = app.a_case().assigned_to(&app.tech(3).await).accepted().create().await;
        let body = json!({"reason": "waiting", "hold_duration_days": 1});
        app.as_tech(3).await.post(&brief.url("hold"), body).await.expect(200);
        let overdue = async || {
            let report = app.as_manager().await.get("reports/activity-summary").await.expect(200);
            let workload = &report["workload"];
            let figures = ["on_hold", "overdue_holds"].map(|figure| workload["summary"][figure].as_i64().unwrap());
            let holds: Vec<(Json, Json)> = workload["holds"].as_array().unwrap().iter()
                .map(|hold| (hold["case_id"].clone(), hold["is_overdue"].clone())).collect();
            (figures, holds)
        };
        app.pass(TimeDelta::days(1));
        let both = |late: bool| vec![(json!(long.id()), json!(false)), (json!(brief.id()), json!(late))];
        assert_eq!(overdue().await, ([2, 0], both(false)), "it ends at this instant");
        app.pass(TimeDelta::milliseconds(1));
        assert_eq!(overdue().await, ([2, 1], both(true)));
        app.as_tech(3).await.post(&brief.url("resume"), json!({"reason": "it came"})).await.expect(200);
        assert_eq!(overdue().await, ([1, 0], both(false)[..1].to_vec()));
    }
}
