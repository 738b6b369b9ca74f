//! A member's credit allowance for a quarter: set, read, used.

use crate::app::{TestApp, actions, at};
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

async fn member(app: &TestApp) -> (String, String) {
    let id = app.user("member1", Role::Member, None).await.id;
    (format!("users/{id}/credit-allowances"), format!("users/{id}/credit-allowances/2026-Q4"))
}

on_each_database! {
    async fn setting_an_allowance_is_recorded_and_setting_it_again_is_not(app) {
        let (_, url) = member(app).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        let body = json!({"allowed_credits": 120, "notes": "twenty more"});

        let answer = by.send(Method::PUT, &url, Some(body.clone())).await;

        let allowance = answer.expect(201);
        assert_eq!(answer.header("location"), format!("/api/v1/{url}"));
        assert_eq!((&allowance["quarter"], &allowance["allowed_credits"]), (&json!("2026-Q4"), &json!(120)));
        assert_eq!((&allowance["used_credits"], &allowance["remaining_credits"]), (&json!("0.0"), &json!("120.0")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["quarterly_credit_reset"]);
        assert_eq!(trail[0]["metadata"], json!({
            "quarter": "2026-Q4", "reset_type": "manual", "previous_allowance": null, "new_allowance": 120,
        }));
        assert_eq!((&trail[0]["related_user"]["username"], &trail[0]["object_id"]), (&json!("member1"), &allowance["id"]));
        assert_eq!(trail[0]["changes"]["allowed_credits"], json!({"from": null, "to": 120}));
        assert_eq!(trail[0]["source"], "automatic");

        let mark = app.mark().await;
        let again = by.send(Method::PUT, &url, Some(body)).await.expect(200);
        assert_eq!((&again, app.since(&mark).await.len()), (&allowance, 0), "the same again changes nothing");

        let changed = by.send(Method::PUT, &url, Some(json!({"allowed_credits": 80}))).await.expect(200);
        assert_eq!((&changed["version"], &changed["notes"], &changed["id"]), (&json!(2), &Json::Null, &allowance["id"]));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["quarterly_credit_reset"]);
        assert_eq!(trail[0]["changes"], json!({
            "allowed_credits": {"from": 120, "to": 80}, "notes": {"from": "twenty more", "to": null},
        }));
        assert_eq!(by.get(&url).await.expect(200), changed);
    }

    async fn the_used_credits_are_those_of_cases_first_submitted_in_the_quarter(app) {
        let (all, url) = member(app).await;
        let (by, manager) = (app.as_admin().await, app.as_manager().await);
        by.send(Method::PUT, &url, Some(json!({"allowed_credits": 3}))).await.expect(201);
        by.send(Method::PUT, &url.replace("2026-Q4", "2027-Q1"), Some(json!({"allowed_credits": 5}))).await.expect(201);
        let used = async || by.get(&url).await.expect(200)["used_credits"].clone();
        app.a_case().create().await;
        assert_eq!(used().await, "0.0", "a draft is not handed in");
        // Three reports are 2.0 credits by default.
        let case = app.a_case().submitted().create().await;
        assert_eq!(used().await, "2.0");
        let other = app.user("member2", Role::Member, None).await;
        app.a_case().owned_by(&other).submitted().create().await;
        let accepted = app.a_case().accepted().create().await;
        manager.post(&accepted.url("credit"), json!({"credit_value": "2.5", "reason": "more work"})).await.expect(200);
        let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
        manager.post(&case.url("reject"), rejection).await.expect(200);
        let allowance = by.get(&url).await.expect(200);
        assert_eq!((&allowance["used_credits"], &allowance["remaining_credits"]), (&json!("4.5"), &json!("-1.5")));

        by.delete(&format!("{}?reason=twice", accepted.path())).await.expect(204);
        assert_eq!(used().await, "2.0", "what was deleted is not used");
        // The last hour of the year in Chicago, and the first one of the next year.
        app.clock.set(at("2027-01-01T05:30:00Z"));
        app.a_case().submitted().create().await;
        app.clock.set(at("2027-01-01T06:30:00Z"));
        app.a_case().submitted().create().await;
        let listed = app.as_user(&app.user("member1", Role::Member, None).await).await.get(&all).await.expect(200);
        let rows: Vec<_> = listed["data"].as_array().unwrap().iter().map(|row| (&row["quarter"], &row["used_credits"])).collect();
        assert_eq!(rows, [(&json!("2027-Q1"), &json!("2.0")), (&json!("2026-Q4"), &json!("4.0"))]);
    }

    async fn a_stale_version_and_a_version_of_an_absent_allowance_are_refused(app) {
        let (_, url) = member(app).await;
        let by = app.as_admin().await;
        let put = async |version: &str| {
            by.clone().with("If-Match", version).send(Method::PUT, &url, Some(json!({"allowed_credits": 7}))).await
        };
        for version in ["*", "\"1\""] {
            put(version).await.expect_problem(412, "version_mismatch");
        }
        by.send(Method::PUT, &url, Some(json!({"allowed_credits": 5}))).await.expect(201);
        put("\"2\"").await.expect_problem(412, "version_mismatch");
        let tag = by.get(&url).await.header("etag").to_owned();
        put(&tag).await.expect(200);
        put(&tag).await.expect_problem(412, "version_mismatch");
        let known = by.clone().with("If-None-Match", by.get(&url).await.header("etag")).get(&url).await;
        assert_eq!(known.status(), 304);
    }

    async fn allowances_are_paginated_with_the_latest_first(app) {
        let (all, url) = member(app).await;
        let by = app.as_admin().await;
        for quarter in ["2026-Q2", "2026-Q4", "2025-Q4", "2026-Q3"] {
            by.send(Method::PUT, &url.replace("2026-Q4", quarter), Some(json!({"allowed_credits": 1}))).await.expect(201);
        }
        let (mut quarters, mut next) = (Vec::new(), String::new());
        loop {
            let page = by.get(&format!("{all}?limit=3&include_total=true{next}")).await.expect(200);
            assert_eq!(page["page"]["total"], 4);
            quarters.extend(page["data"].as_array().unwrap().iter().map(|row| row["quarter"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["page"]["next_cursor"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(quarters, ["2026-Q4", "2026-Q3", "2026-Q2", "2025-Q4"]);
    }

    async fn only_members_have_credits_and_others_do_not_see_them(app) {
        let (all, url) = member(app).await;
        let by = app.as_admin().await;
        let body = Some(json!({"allowed_credits": 1}));
        let manager = app.user("manager", Role::Manager, None).await;
        let of_manager = format!("users/{}/credit-allowances/2026-Q4", manager.id);
        by.send(Method::PUT, &of_manager, body.clone()).await.expect_problem(409, "not_a_member");
        assert_eq!(by.get(&of_manager.replace("/2026-Q4", "")).await.expect(200)["data"], json!([]));
        by.get(&url).await.expect_problem(404, "not_found");
        for none in ["2026-Q5", "2026", "1999-Q4"] {
            by.send(Method::PUT, &url.replace("2026-Q4", none), body.clone()).await.expect_problem(404, "not_found");
        }
        let other = app.as_user(&app.user("member2", Role::Member, None).await).await;
        let mark = app.mark().await;
        other.get(&all).await.expect_problem(404, "not_found");
        app.as_manager().await.send(Method::PUT, &url, body).await.expect_problem(403, "forbidden");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other", "quarterly_credit_reset"]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
    }

    async fn one_of_several_concurrent_requests_creates_the_allowance(app) {
        let (_, url) = member(app).await;
        let by = app.as_admin().await;
        let mark = app.mark().await;
        let all = futures_util::future::join_all((1..=8).map(|credits| {
            let (by, url) = (by.clone(), url.clone());
            async move { by.send(Method::PUT, &url, Some(json!({"allowed_credits": credits}))).await.status() }
        }));
        let mut statuses = all.await;
        statuses.sort_unstable();
        assert_eq!(statuses, [[200; 7].as_slice(), &[201]].concat());
        assert_eq!(app.since(&mark).await.len(), 8);
    }
}
