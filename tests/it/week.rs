//! One scripted working week over HTTP and jobs writes every action type, each with its metadata, and no other.

use crate::app::{Client, Form, TestApp, actions, at};
use crate::contract::recipes::report;
use chrono::TimeDelta;
use entity::audit::Action;
use entity::user::{Level, Role};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const PASSWORD: &str = "plum orbit kettle seventeen";

/// The people of the week, signed in for the next ten minutes.
struct Office<'a> {
    admin: Client<'a>,
    manager: Client<'a>,
    new: Client<'a>,
    senior: Client<'a>,
    member: Client<'a>,
}

impl<'a> Office<'a> {
    async fn opens(app: &'a TestApp, at_: &str) -> Self {
        app.clock.set(at(at_));
        Self {
            admin: app.as_admin().await,
            manager: app.as_manager().await,
            new: app.as_tech(1).await,
            senior: app.as_tech(3).await,
            member: app.as_member().await,
        }
    }
}

fn id(thing: &Json) -> String {
    thing["id"].as_str().expect("an id").to_owned()
}

/// On Tuesday a member submits a case, adds to it and corrects it; it is accepted, held and resumed.
async fn tuesday(app: &TestApp) -> String {
    let office = Office::opens(app, "2026-12-01T15:00:00Z").await;
    let member = app.user("member1", Role::Member, None).await;
    app.give_password(&member, PASSWORD).await;
    let pair = app.as_anonymous().post("auth/login", json!({"username": "member1", "password": PASSWORD})).await.expect(200);
    let names = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "due_on": "2026-12-20"});
    let case = format!("cases/{}", id(&office.member.post("cases", names).await.expect(201)));
    let stub = Form::new().file("pay stub.pdf", "application/pdf", b"%PDF-1.7 pay").text("document_type", "supporting");
    let stub = office.member.upload(&format!("{case}/documents"), &stub).await.expect(201);
    office.member.post(&format!("{case}/submit"), json!({})).await.expect(200);
    office.member.patch(&case, json!({"employee_last_name": "Mosse", "special_notes": "please call"})).await.expect(200);
    let tiered = json!({"tier": "tier_1", "credit_value": "1.0"});
    office.senior.post(&format!("{case}/accept"), tiered).await.expect(200);
    office.senior.get(&format!("documents/{}", id(&stub))).await.expect(200);
    office.senior.get(&format!("documents/{}/content", id(&stub))).await.expect(200);
    office.admin.send(reqwest::Method::DELETE, &format!("documents/{}", id(&stub)), None).await.expect(204);
    office
        .senior
        .post(&format!("{case}/hold"), json!({"reason": "waiting for pay stub", "hold_duration_days": 1}))
        .await
        .expect(200);
    office.senior.post(&format!("{case}/resume"), json!({"reason": "it came"})).await.expect(200);
    let note = json!({"body": "The pay stub is of October.", "visibility": "internal"});
    let note = office.senior.post(&format!("{case}/notes"), note).await.expect(201);
    office.senior.send(reqwest::Method::DELETE, &format!("notes/{}", id(&note)), None).await.expect(204);
    office.member.post(&format!("{case}/notes"), json!({"body": "Thank you!", "visibility": "shared"})).await.expect(201);
    let out = json!({"refresh_token": pair["refresh_token"]});
    app.as_anonymous().post("auth/logout", out).await.expect(204);
    case
}

/// On Wednesday the case goes to a new technician, whose work is reviewed; another case is released at night.
async fn wednesday(app: &TestApp, case: &str) {
    let office = Office::opens(app, "2026-12-02T15:00:00Z").await;
    let new = app.tech(1).await;
    office.manager.post(&format!("{case}/assign"), json!({"assigned_to": new.id, "reason": "to learn"})).await.expect(200);
    office
        .manager
        .post(&format!("{case}/tier"), json!({"tier": "tier_2", "reason": "two employers"}))
        .await
        .expect_problem(409, "level_too_low");
    let tier = json!({"tier": "tier_2", "reason": "two employers", "override_reason": "under supervision"});
    office.admin.post(&format!("{case}/tier"), tier).await.expect(200);
    office.new.upload(&format!("{case}/documents"), &report(1)).await.expect(201);
    office.new.post(&format!("{case}/complete"), json!({})).await.expect(200);
    let release = json!({"notes": "well done", "release": "scheduled", "release_at": "2026-12-03T06:00:00Z"});
    office.senior.post(&format!("{case}/review/approve"), release).await.expect(200);
}

/// On Thursday the case has been released, its email is sent, and its member resubmits it.
async fn thursday(app: &TestApp, case: &str) {
    let office = Office::opens(app, "2026-12-03T15:00:00Z").await;
    for job in ["release_scheduled_cases", "send_scheduled_emails"] {
        office.admin.post(&format!("jobs/{job}/run"), json!({})).await.expect(200);
    }
    let alert = office.member.get("alerts").await.expect(200)["data"][0].clone();
    office.member.post(&format!("alerts/{}/dismiss", id(&alert)), json!({})).await.expect(200);
    app.pass(TimeDelta::seconds(1));
    let more = Form::new().file("contract.pdf", "application/pdf", b"%PDF-1.7 more").text("document_type", "supporting");
    office.member.upload(&format!("{case}/documents"), &more).await.expect(201);
    office.member.post(&format!("{case}/resubmit"), json!({"notes": "there is more"})).await.expect(200);
    office.admin.send(reqwest::Method::DELETE, &format!("{case}?reason=handed in twice"), None).await.expect(204);
}

/// On Friday administrative work is done: users, credits, settings, and the reports of the week.
async fn friday(app: &TestApp) {
    let office = Office::opens(app, "2026-12-04T15:00:00Z").await;
    let new_user = |name: &str, role: &str| {
        json!({
            "username": name, "email": format!("{name}@example.org"), "first_name": "Ada", "last_name": "Moss", "role": role,
            "password": PASSWORD,
        })
    };
    let clerk = id(&office.admin.post("users", new_user("clerk", "manager")).await.expect(201));
    office.admin.patch(&format!("users/{clerk}"), json!({"last_name": "Reed"})).await.expect(200);
    let role = json!({"role": "technician", "user_level": Level::Two.code(), "reason": "back to the cases"});
    office.admin.post(&format!("users/{clerk}/role"), role).await.expect(200);
    office.admin.send(reqwest::Method::DELETE, &format!("users/{clerk}?reason=left"), None).await.expect(204);
    office.member.patch("auth/me", json!({"phone_number": "312-555-0142"})).await.expect(200);
    office.admin.post("credit-resets", json!({"quarter": "2026-Q4", "new_allowance": 40})).await.expect(200);
    office.admin.patch("settings", json!({"default_quarterly_credits": 40})).await.expect(200);
    office.manager.get("reports/activity-summary").await.expect(200);
    office.manager.get("reports/system-events.csv").await.expect(200);
    office.manager.get("exports/cases.csv").await.expect(200);
    office.manager.get("audit-log").await.expect(200);
}

on_each_database! {
    async fn a_working_week_records_every_action(app) {
        let case = tuesday(app).await;
        wednesday(app, &case).await;
        thursday(app, &case).await;
        friday(app).await;

        let admin = app.as_admin().await;
        let catalogue = admin.get("audit-action-types").await.expect(200);
        assert_eq!((&catalogue["named_total"], &catalogue["total"]), (&json!(Action::NAMED), &json!(Action::COUNT)));
        for kind in catalogue["data"].as_array().unwrap() {
            let code = kind["code"].as_str().unwrap();
            let log = admin.get(&format!("audit-log?action_type={code}&outcome=success")).await.expect(200);
            let entries = log["data"].as_array().unwrap();
            assert!(!entries.is_empty(), "nothing left {code}");
            let schema = jsonschema::validator_for(&kind["metadata_schema"]).unwrap();
            for entry in entries {
                assert!(schema.is_valid(&entry["metadata"]), "{code}: {}", entry["metadata"]);
            }
        }
        let known: BTreeSet<&str> = Action::all().map(Action::code).collect();
        let listed: BTreeSet<&str> =
            catalogue["data"].as_array().unwrap().iter().map(|kind| kind["code"].as_str().unwrap()).collect();
        let trail = app.all_entries().await;
        let left: BTreeSet<&str> = actions(&trail).into_iter().collect();
        assert_eq!((&listed, &left), (&known, &known));
    }
}
