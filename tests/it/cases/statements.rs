//! The cost of each action: the statements it sends, counted.

use crate::app::{Client, Scene, TestApp};
use reqwest::Method;
use serde_json::{Value as Json, json};

/// The first table named in each statement of a request, by verb.
async fn cost(app: &TestApp, path: &str, body: Json) -> Vec<String> {
    cost_for(app, &app.as_manager().await, Method::POST, path, Some(body)).await
}

async fn cost_for(app: &TestApp, by: &Client<'_>, method: Method, path: &str, body: Option<Json>) -> Vec<String> {
    // From then on the caller is known for a second.
    by.get("auth/me").await.expect(200);
    app.statements();
    let answer = by.send(method, path, body).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    app.statements().iter().map(|sql| sentence(sql)).collect()
}

fn sentence(sql: &str) -> String {
    let verb = sql.split(' ').next().unwrap_or_default();
    let table = match verb {
        "SELECT" => sql.split("FROM \"").nth(1),
        "INSERT" => sql.split("INTO \"").nth(1),
        _ => sql.split('"').nth(1).map(|_| sql.split_once('"').unwrap_or_default().1),
    };
    format!("{verb} {}", table.and_then(|rest| rest.split('"').next()).unwrap_or_default())
}

/// The caller, in the write transaction: the account, with the session and the case, which is locked, in the same statement.
const CALLER: [&str; 1] = ["SELECT users"];
/// The people whom the case names, with its member's updates and the settings in the same statement.
const VIEW: [&str; 1] = ["SELECT users"];
/// The member's address and the settings in one statement, then the alert and the email.
const NOTICES: [&str; 3] = ["SELECT users", "INSERT alerts", "INSERT outbox"];
/// A step of the review history, which continues the steps so far.
const STEP: [&str; 2] = ["SELECT case_reviews", "INSERT case_reviews"];
const CHANGE: [&str; 2] = ["UPDATE cases", "INSERT audit_entries"];

#[track_caller]
fn assert_cost(sent: &[String], before: &[&str], between: &[&str], after: &[&str]) {
    let [change, entry] = CHANGE;
    let expected: Vec<&str> = [&CALLER[..], before, &[change], between, &[entry], after, &VIEW].concat();
    assert_eq!(sent, expected);
}

async fn accepted(app: &TestApp) -> Scene {
    app.a_case().accepted().create().await
}

on_each_database! {
    async fn each_action_sends_only_the_expected_statements(app) {
        let why = json!({"reason": "because"});
        let tech = app.tech(2).await;
        assert_cost(&cost(app, &accepted(app).await.url("hold"), why.clone()).await, &[], &[], &NOTICES);
        let held = app.a_case().held().create().await;
        let manager = app.as_manager().await;
        let prolonged = cost_for(app, &manager, Method::PATCH, &held.url("hold"), Some(json!({"hold_duration_days": 3}))).await;
        assert_cost(&prolonged, &[], &[], &[&["DELETE overdue_holds"], &NOTICES[..]].concat());
        assert_cost(&cost(app, &held.url("resume"), why.clone()).await, &[], &[], &NOTICES);
        let body = json!({"credit_value": "3.0", "reason": "because"});
        assert_cost(&cost(app, &accepted(app).await.url("credit"), body).await, &[], &[], &[]);
        let body = json!({"tier": "tier_2", "reason": "because"});
        assert_cost(&cost(app, &accepted(app).await.url("tier"), body).await, &["SELECT users"], &[], &[]);
        let body = json!({"assigned_to": tech.id, "reason": "because"});
        assert_cost(&cost(app, &accepted(app).await.url("assign"), body).await, &["SELECT users"], &["SELECT users"], &[]);
        let submitted = app.a_case().submitted().create().await;
        let body = json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": tech.id});
        assert_cost(&cost(app, &submitted.url("accept"), body).await, &["SELECT users"], &[], &[]);
        let submitted = app.a_case().submitted().create().await;
        let body = json!({"rejection_reason": "other", "rejection_notes": "because"});
        assert_cost(&cost(app, &submitted.url("reject"), body).await, &[], &[], &NOTICES);
        let settled = ["SELECT settings", "SELECT users", "SELECT documents"];
        let body = json!({"override_incomplete": true});
        assert_cost(&cost(app, &accepted(app).await.url("complete"), body).await, &settled, &[], &NOTICES);
        let scheduled = app.a_case().completed_until(crate::app::at("2026-12-10T00:00:00Z")).create().await;
        assert_cost(&cost(app, &scheduled.url("release"), json!({})).await, &[], &[], &NOTICES);
        let completed = app.a_case().completed().create().await;
        assert_cost(&cost(app, &completed.url("reopen"), why).await, &["SELECT users"], &[], &[]);
    }

    async fn a_review_adds_the_statements_for_its_history_and_notifications(app) {
        let case = app.a_case().assigned_to(&app.tech(1).await).accepted().create().await;
        let sent = cost(app, &case.url("complete"), json!({"override_incomplete": true})).await;
        let known = ["SELECT settings", "SELECT users", "SELECT case_reviews", "SELECT documents"];
        assert_cost(&sent, &known, &[], &[&STEP[..], &["SELECT users", "INSERT alerts"]].concat());
        let case = app.a_case().pending_review().create().await;
        let sent = cost(app, &case.url("review/approve"), json!({})).await;
        let known = ["SELECT settings", "SELECT case_reviews", "SELECT users"];
        assert_cost(&sent, &known, &[], &[&STEP[..], &["SELECT users", "INSERT alerts"], &NOTICES].concat());
    }

    async fn the_actions_of_a_member_send_only_the_expected_statements(app) {
        let by = app.as_member().await;
        let post = async |path: &str| cost_for(app, &by, Method::POST, path, Some(json!({}))).await;
        let draft = app.a_case().create().await;
        assert_cost(&post(&draft.url("submit")).await, &["SELECT settings"], &[], &[]);
        let body = json!({"special_notes": "call first"});
        let edited = cost_for(app, &by, Method::PATCH, &draft.path(), Some(body)).await;
        assert_cost(&edited, &[], &[], &["INSERT case_member_updates"]);
        let dated = cost_for(app, &by, Method::PATCH, &draft.path(), Some(json!({"due_on": "2027-03-01"}))).await;
        assert_cost(&dated, &["SELECT settings"], &[], &["INSERT case_member_updates"]);

        let rejection = json!({"rejection_reason": "other", "rejection_notes": "because"});
        app.as_manager().await.post(&draft.url("reject"), rejection).await.expect(200);
        by.patch(&draft.path(), json!({"special_notes": "call first, please"})).await.expect(200);
        assert_cost(&post(&draft.url("resubmit")).await, &["SELECT documents"], &["SELECT users"], &[]);

        let draft = app.a_case().create().await;
        let deleted = cost_for(app, &by, Method::DELETE, &draft.path(), None).await;
        assert_eq!(deleted, [&CALLER[..], &CHANGE].concat());
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
        let created = cost_for(app, &by, Method::POST, "cases", Some(body)).await;
        let named = ["SELECT settings", "SELECT users", "INSERT case_numbers", "INSERT cases", "INSERT audit_entries"];
        assert_eq!(created, [&CALLER[..], &named, &VIEW].concat());
    }

    async fn taking_deciding_and_acknowledging_send_only_the_expected_statements(app) {
        let case = accepted(app).await;
        let body = json!({"assigned_to": null, "reason": "queue"});
        app.as_manager().await.post(&case.url("assign"), body).await.expect(200);
        let tech = app.as_tech(2).await;
        let taken = cost_for(app, &tech, Method::POST, &case.url("take"), Some(json!({}))).await;
        assert_cost(&taken, &["SELECT users"], &[], &[]);
        let seen = cost_for(app, &tech, Method::POST, &case.url("acknowledge-updates"), None).await;
        assert_eq!(seen, [&CALLER[..], &["UPDATE case_member_updates"], &VIEW].concat());
        let known = ["SELECT case_reviews", "SELECT users"];
        let case = app.a_case().pending_review().create().await;
        let sent = cost(app, &case.url("review/request-revisions"), json!({"notes": "again"})).await;
        assert_cost(&sent, &known, &[], &[&STEP[..], &["SELECT users", "INSERT alerts"]].concat());
        let case = app.a_case().pending_review().create().await;
        let sent = cost(app, &case.url("review/correct"), json!({"notes": "done"})).await;
        let after = [&STEP[..], &["SELECT users", "INSERT alerts"], &NOTICES].concat();
        assert_cost(&sent, &[&["SELECT settings"], &known[..]].concat(), &[], &after);
    }

    async fn a_second_hold_sends_the_same_statements_as_the_first(app) {
        let case = accepted(app).await;
        let first = cost(app, &case.url("hold"), json!({"reason": "a"})).await;
        for _ in 0..5 {
            cost(app, &case.url("resume"), json!({"reason": "a"})).await;
            assert_eq!(cost(app, &case.url("hold"), json!({"reason": "a"})).await, first);
        }
    }
}
