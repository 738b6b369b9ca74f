//! Listing cases.

use crate::app::{TestApp, actions};
use entity::user::Role;
use serde_json::{Value as Json, json};

async fn numbers(app: &TestApp, query: &str) -> Vec<String> {
    let list = app.as_manager().await.get(&format!("cases?{query}")).await.expect(200);
    list["data"].as_array().unwrap().iter().map(|case| case["case_number"].as_str().unwrap().to_owned()).collect()
}

on_each_database! {
    async fn a_list_contains_only_the_cases_visible_to_the_caller(app) {
        let other = app.user("member2", Role::Member, None).await;
        app.a_case().create().await;
        app.a_case().owned_by(&other).submitted().create().await;
        let total =
            async |by: crate::app::Client<'_>| by.get("cases?include_total=true").await.expect(200)["page"]["total"].clone();
        assert_eq!(total(app.as_member().await).await, 1);
        assert_eq!(total(app.as_tech(1).await).await, 1);
        assert_eq!(total(app.as_manager().await).await, 2);
        assert_eq!(total(app.as_admin().await).await, 2);
    }

    async fn filters_narrow_and_combine(app) {
        let draft = app.a_case().create().await.case;
        let held = app.a_case().held().create().await.case;
        let done = app.a_case().completed().create().await.case;
        let tech3 = app.tech(3).await;
        let sorted = |cases: &[&entity::case::Model]| {
            let mut numbers: Vec<String> = cases.iter().map(|case| case.case_number.clone()).collect();
            numbers.sort();
            numbers
        };
        for (query, expected) in [
            ("status=draft".to_owned(), vec![&draft]),
            ("status=hold&status=completed".to_owned(), vec![&held, &done]),
            ("is_on_hold=true".to_owned(), vec![&held]),
            ("is_on_hold=false".to_owned(), vec![&draft, &done]),
            ("tier=tier_1".to_owned(), vec![&held, &done]),
            ("unassigned=true".to_owned(), vec![&draft]),
            (format!("assigned_to={}&status=hold", tech3.id), vec![&held]),
            ("workshop_code=ws001&due_before=2026-12-16".to_owned(), vec![&draft, &held, &done]),
            ("due_before=2026-12-15".to_owned(), vec![]),
            (format!("q={}", draft.case_number.to_lowercase()), vec![&draft]),
            ("q=100%25".to_owned(), vec![]),
            ("since=2026-12-01&until=2026-12-01".to_owned(), vec![&draft, &held, &done]),
            ("until=2026-11-30".to_owned(), vec![]),
            ("has_member_updates=true".to_owned(), vec![]),
        ] {
            let mut found = numbers(app, &query).await;
            found.sort();
            assert_eq!(found, sorted(&expected), "{query}");
        }
    }

    async fn an_invalid_filter_is_refused_by_name(app) {
        app.a_case().create().await;
        let by = app.as_manager().await;
        for (query, name) in [
            ("status=open", "status"),
            ("satus=draft", "satus"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=ten", "limit"),
            ("sort=name", "sort"),
            ("sort=due_on&sort=due_on", "sort"),
            ("assigned_to=me", "assigned_to"),
            ("unassigned=yes", "unassigned"),
            ("due_before=soon", "due_before"),
            ("since=yesterday", "since"),
            ("q=", "q"),
        ] {
            let answer = by.get(&format!("cases?{query}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), [format!("query /{name}")], "{query}");
        }
        by.get("cases?since=2026-12-03&until=2026-12-02").await.expect_problem(400, "invalid_period");
        by.get("cases?cursor=abc").await.expect_problem(400, "invalid_cursor");
        let answer = app.as_member().await.get("cases?tier=tier_1").await;
        assert_eq!(answer.faults(), ["query /tier"]);
    }

    async fn a_period_without_an_end_is_open(app) {
        app.a_case().create().await;
        let by = app.as_manager().await;
        for (period, total) in [
            ("since=2026-12-01", 1),
            ("since=2026-12-01T15:00:00Z", 1),
            ("since=2026-12-01T15:00:00.001Z", 0),
            ("since=2026-12-02", 0),
            ("since=2100-12-31", 0),
            ("until=2100-12-31", 1),
            ("until=2000-01-01", 0),
        ] {
            let list = by.get(&format!("cases?{period}&include_total=true")).await.expect(200);
            assert_eq!((&list["page"]["total"], list["data"].as_array().unwrap().len()), (&json!(total), total), "{period}");
        }
        // A case that another host, whose clock is ahead, created a second from now.
        let now = app.clock.now();
        app.pass(chrono::TimeDelta::seconds(1));
        app.a_case().create().await;
        app.clock.set(now);
        assert_eq!(numbers(app, "since=2026-12-01").await.len(), 2);
    }

    async fn paging_in_every_order_lists_each_case_once(app) {
        for day in 0..7 {
            app.pass(chrono::TimeDelta::hours(i64::from(day % 3) * 24));
            app.a_case().create().await;
        }
        for sort in ["-created_at", "created_at", "due_on", "-due_on", "updated_at", "-updated_at"] {
            let whole = numbers(app, &format!("sort={sort}")).await;
            let mut walked = Vec::new();
            let by = app.as_manager().await;
            let mut path = format!("cases?sort={sort}&limit=3");
            loop {
                let page = by.get(&path).await.expect(200);
                walked
                    .extend(page["data"].as_array().unwrap().iter().map(|case| case["case_number"].as_str().unwrap().to_owned()));
                let Json::String(cursor) = &page["page"]["next_cursor"] else { break };
                path = format!("cases?sort={sort}&limit=3&cursor={cursor}");
            }
            assert_eq!(walked, whole, "{sort}");
            assert_eq!(walked.len(), 7);
        }
    }

    async fn a_cursor_belongs_to_its_caller_and_its_filters(app) {
        app.a_case().create().await;
        app.a_case().create().await;
        let answer = app.as_manager().await.get("cases?limit=1").await;
        let cursor = answer.expect(200)["page"]["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("link"), format!("</api/v1/cases?limit=1&cursor={cursor}>; rel=\"next\""));
        app.as_admin().await.get(&format!("cases?limit=1&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
        let by = app.as_manager().await;
        by.get(&format!("cases?status=draft&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
        let forged = cursor.replacen(char::is_alphanumeric, "_", 1);
        by.get(&format!("cases?limit=1&cursor={forged}")).await.expect_problem(400, "invalid_cursor");
    }

    async fn a_page_costs_the_same_whatever_the_size(app) {
        let by = app.as_manager().await;
        app.a_case().create().await;
        let mut counts = Vec::new();
        for _ in 0..2 {
            app.statements();
            by.get("cases").await.expect(200);
            counts.push(app.statements().len());
            for _ in 0..6 {
                app.a_case().submitted().create().await;
            }
        }
        assert_eq!(counts, [2, 2]);
        let mark = app.mark().await;
        by.get("cases").await.expect(200);
        assert_eq!(actions(&app.since(&mark).await), Vec::<&str>::new());
    }

    async fn a_due_date_out_of_range_is_refused_by_name(app) {
        let by = app.as_manager().await;
        for day in ["-200000-01-01", "%2B10000-01-01", "1999-12-31"] {
            let answer = by.get(&format!("cases?due_before={day}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), ["query /due_before"], "{day}");
        }
    }
}
