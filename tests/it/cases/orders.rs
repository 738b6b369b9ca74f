//! The orders and filters of the case list.

use crate::app::{Client, Scene, TestApp, at};
use entity::user::{self, Level, Role};
use serde_json::{Value as Json, json};

/// The texts that the orders are tried with, as both databases sort them.
const SORTED: [&str; 9] = ["abel", "Moss", "moss-ray", "O'Neill", "van Dyk", "Zoe", "Ábel", "Émile", "Ωmega"];

/// The values of one field in a list, followed to its end in pages of a length.
async fn walk(by: &Client<'_>, query: &str, limit: usize, field: &str) -> Vec<Json> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = by.get(&format!("cases?{query}&limit={limit}{cursor}")).await.expect(200);
        found.extend(page["data"].as_array().unwrap().iter().map(|case| case.pointer(field).unwrap().clone()));
        match &page["page"]["next_cursor"] {
            Json::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}

/// Checks an order upwards and downwards, whole and in pages.
async fn assert_sorted(by: &Client<'_>, sort: &str, field: &str, expected: &[Json]) {
    let downwards: Vec<Json> = expected.iter().rev().cloned().collect();
    for limit in [1, 2, 200] {
        assert_eq!(walk(by, &format!("sort={sort}"), limit, field).await, expected, "{sort}, {limit} at once");
        assert_eq!(walk(by, &format!("sort=-{sort}"), limit, field).await, downwards, "-{sort}, {limit} at once");
    }
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Json> {
    texts.into_iter().map(Json::from).collect()
}

async fn named(app: &TestApp, username: &str, role: Role, level: Option<Level>, first: &str, last: &str) -> user::Model {
    let user = app.user(username, role, level).await;
    let names = json!({"first_name": first, "last_name": last});
    app.as_admin().await.patch(&format!("users/{}", user.id), names).await.expect(200);
    user
}

/// The numbers of the listed cases, by number.
async fn numbers(by: &Client<'_>, query: &str) -> Vec<Json> {
    walk(by, &format!("sort=case_number&{query}"), 200, "/case_number").await
}

fn numbers_of(cases: &[&Scene]) -> Vec<Json> {
    texts(cases.iter().map(|case| case.case.case_number.as_str()))
}

on_each_database! {
    async fn names_are_sorted_alike_on_both_databases(app) {
        let by = app.as_manager().await;
        for name in ["Zoe", "Émile", "moss-ray", "O'Neill", "abel", "Ωmega", "Moss", "van Dyk", "Ábel"] {
            let case = app.a_case().create().await;
            by.patch(&case.path(), json!({"employee_last_name": name})).await.expect(200);
        }
        assert_sorted(&by, "employee_last_name", "/employee_last_name", &texts(SORTED)).await;
        let mut in_order = walk(&by, "sort=created_at", 200, "/case_number").await;
        in_order.sort_by_key(Json::to_string);
        assert_sorted(&by, "case_number", "/case_number", &in_order).await;
    }

    async fn equal_last_names_are_sorted_by_first_name(app) {
        let by = app.as_manager().await;
        for (first, last) in [("Zed", "Moss"), ("Al", "Mossi"), ("bea", "moss"), ("Ann", "Moss Ray"), ("Cy", "MOSS")] {
            let case = app.a_case().create().await;
            let names = json!({"employee_first_name": first, "employee_last_name": last});
            by.patch(&case.path(), names).await.expect(200);
        }
        let expected = texts(["bea", "Cy", "Zed", "Ann", "Al"]);
        assert_sorted(&by, "employee_last_name", "/employee_first_name", &expected).await;
    }

    async fn people_are_sorted_by_full_name_and_cases_without_an_assignee_come_first(app) {
        let by = app.as_manager().await;
        let mut expected = vec![Json::Null];
        app.a_case().owned_by(&named(app, "owner-x", Role::Member, None, "aaron", "First").await).create().await;
        for (number, name) in [(3, "Émile"), (1, "bea"), (2, "Zoe"), (0, "Abel")] {
            let member = named(app, &format!("owner{number}"), Role::Member, None, name, "Member").await;
            let tech = named(app, &format!("worker{number}"), Role::Technician, Some(Level::Three), name, "Tech").await;
            app.a_case().owned_by(&member).assigned_to(&tech).accepted().create().await;
        }
        expected.extend(texts(["Abel Tech", "bea Tech", "Zoe Tech", "Émile Tech"]));
        let assignees = walk(&by, "sort=assigned_to", 2, "/assigned_to").await;
        let names: Vec<Json> = assignees.iter().map(|person| person["full_name"].clone()).collect();
        assert_eq!(names, expected);
        let mut downwards = walk(&by, "sort=-assigned_to", 2, "/assigned_to").await;
        downwards.reverse();
        assert_eq!(downwards, assignees);
        let members = texts(["aaron First", "Abel Member", "bea Member", "Zoe Member", "Émile Member"]);
        assert_sorted(&by, "member", "/member/full_name", &members).await;
    }

    async fn statuses_tiers_and_urgencies_are_sorted_in_their_own_order(app) {
        let by = app.as_manager().await;
        app.a_case().completed().create().await;
        app.a_case().pending_review().create().await;
        let rush = app.a_case().create().await;
        by.patch(&rush.path(), json!({"urgency": "rush"})).await.expect(200);
        let harder = app.a_case().accepted().create().await;
        by.post(&harder.url("tier"), json!({"tier": "tier_3", "reason": "because"})).await.expect(200);
        app.a_case().held().create().await;
        app.a_case().submitted().create().await;
        let statuses = texts(["draft", "submitted", "accepted", "hold", "pending_review", "completed"]);
        assert_sorted(&by, "status", "/status", &statuses).await;
        let tiers = [Json::Null, Json::Null, json!("tier_1"), json!("tier_1"), json!("tier_1"), json!("tier_3")];
        assert_sorted(&by, "tier", "/tier", &tiers).await;
        let urgencies = [&["normal"; 5][..], &["rush"]].concat();
        assert_sorted(&by, "urgency", "/urgency", &texts(urgencies)).await;
    }

    async fn an_order_shows_a_member_nothing_that_is_hidden_from_them(app) {
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        app.a_case().held().create().await;
        let hidden = app.a_case().completed_until(at("2026-12-10T00:00:00Z")).create().await;
        app.a_case().submitted().create().await;
        assert_sorted(&member, "status", "/status", &texts(["submitted", "accepted", "hold"])).await;
        assert_sorted(&manager, "status", "/status", &texts(["submitted", "hold", "completed"])).await;
        for query in ["cases?sort=tier", "cases?sort=-tier"] {
            let answer = member.get(query).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), ["query /sort"]);
        }
        app.clock.set(at("2026-12-16T18:00:00Z"));
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        assert!(numbers(&member, "is_overdue=false").await.contains(&json!(hidden.case.case_number)), "it is released by now");
        let count = async |by: &Client<'_>| by.get("cases/counts?by=status").await.expect(200)["data"].clone();
        assert_eq!(count(&member).await, count(&manager).await);
    }

    async fn cases_of_several_people_are_found_at_once(app) {
        let by = app.as_manager().await;
        let (one, two) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let (tech2, tech3) = (app.tech(2).await, app.tech(3).await);
        let first = app.a_case().owned_by(&one).assigned_to(&tech2).accepted().create().await;
        let second = app.a_case().owned_by(&two).assigned_to(&tech3).accepted().create().await;
        let third = app.a_case().owned_by(&two).create().await;
        let absent = "01a20725-be30-7584-bca5-f00e655c90d6";
        for (query, expected) in [
            (format!("assigned_to={}", tech2.id), vec![&first]),
            (format!("assigned_to={}&assigned_to={}", tech2.id, tech3.id), vec![&first, &second]),
            (format!("assigned_to={}&assigned_to={absent}", tech3.id), vec![&second]),
            (format!("assigned_to={absent}"), vec![]),
            (format!("member_id={}&member_id={}", one.id, two.id), vec![&first, &second, &third]),
            (format!("member_id={}&unassigned=true", two.id), vec![&third]),
            (format!("member_id={}&member_id={}&assigned_to={}", one.id, two.id, tech3.id), vec![&second]),
        ] {
            assert_eq!(numbers(&by, &query).await, numbers_of(&expected), "{query}");
        }
        for (query, name) in [
            ("assigned_to=me".to_owned(), "assigned_to"),
            (format!("member_id={}&member_id={{{}}}", one.id, two.id), "member_id"),
            (vec![format!("member_id={}", one.id); 51].join("&"), "member_id"),
        ] {
            let answer = by.get(&format!("cases?{query}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), [format!("query /{name}")], "{query}");
        }
    }

    async fn cases_are_found_by_their_due_date_and_by_whether_it_has_passed(app) {
        let by = app.as_manager().await;
        let mut cases = Vec::new();
        for day in ["2026-12-02", "2026-12-03", "2026-12-04"] {
            let case = app.a_case().accepted().create().await;
            by.patch(&case.path(), json!({"due_on": day})).await.expect(200);
            cases.push(case);
        }
        let done = app.a_case().completed().create().await;
        for (query, expected) in [
            ("due_after=2026-12-03", vec![&cases[2], &done]),
            ("due_after=2026-12-02&due_before=2026-12-04", vec![&cases[1]]),
            ("is_overdue=true", vec![]),
            ("is_overdue=false", vec![&cases[0], &cases[1], &cases[2], &done]),
        ] {
            assert_eq!(numbers(&by, query).await, numbers_of(&expected), "{query}");
        }
        // In Chicago it is still the evening of the third.
        for (now, overdue) in [("2026-12-04T05:59:59Z", 1), ("2026-12-04T06:00:00Z", 2), ("2027-02-01T00:00:00Z", 3)] {
            app.clock.set(at(now));
            let by = app.as_manager().await;
            let expected: Vec<&Scene> = cases.iter().take(overdue).collect();
            assert_eq!(numbers(&by, "is_overdue=true").await, numbers_of(&expected), "{now}");
            let others: Vec<&Scene> = cases.iter().skip(overdue).chain([&done]).collect();
            assert_eq!(numbers(&by, "is_overdue=false").await, numbers_of(&others), "{now}");
        }
        let by = app.as_manager().await;
        for day in ["due_after=1999-12-31", "due_after=2026-2-1", "is_overdue=yes", "updated_since=2026-12-01"] {
            let answer = by.get(&format!("cases?{day}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), [format!("query /{}", day.split('=').next().unwrap())]);
        }
    }

    async fn changed_cases_are_found_by_the_time_that_the_caller_is_shown(app) {
        let (edited, hidden) = (app.a_case().accepted().create().await, app.a_case().accepted().create().await);
        app.clock.set(at("2026-12-02T10:00:00.500Z"));
        let (member, manager) = (app.as_member().await, app.as_manager().await);
        member.patch(&edited.path(), json!({"special_notes": "call first"})).await.expect(200);
        let later = json!({"override_incomplete": true, "release": "scheduled", "release_at": "2026-12-10T00:00:00Z"});
        manager.post(&hidden.url("complete"), later).await.expect(200);
        for (since, by_manager, by_member) in [
            ("2026-12-01T00:00:00Z", vec![&edited, &hidden], vec![&edited, &hidden]),
            ("2026-12-02T10:00:00.500Z", vec![&edited, &hidden], vec![&edited]),
            ("2026-12-02T11:00:00.5%2B01:00", vec![&edited, &hidden], vec![&edited]),
            ("2026-12-02T10:00:00.501Z", vec![], vec![]),
        ] {
            assert_eq!(numbers(&manager, &format!("updated_since={since}")).await, numbers_of(&by_manager), "{since}");
            assert_eq!(numbers(&member, &format!("updated_since={since}")).await, numbers_of(&by_member), "{since}");
        }
    }
}
