//! The race drill: sixty-four callers for one case, for every change of its state; one succeeds, the others are refused with a
//! reason.

use crate::Plan;
use crate::app::{Client, Kind, Scene, TestApp};
use entity::user::Role;
use futures_util::future::{join, join_all};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

const CALLERS: usize = 64;

pub async fn on(kind: Kind, plan: Plan) {
    let app = TestApp::start(kind).await.expect("PostgreSQL is installed");
    if plan.is_sabotaged {
        disarm(&app, "cases").await;
    }
    let mut answers = BTreeMap::new();
    let rounds = plan.rounds(100, 1);
    for _ in 0..rounds {
        round(&app, plan.is_sabotaged, &mut answers).await;
    }
    println!("{kind:?}: {rounds} rounds of {} changes, {CALLERS} callers each, responses by status {answers:?}", MOVES.len());
    app.finish().await;
}

/// What changes the state of a case: its initial state, the operation, and whether the request names the version that it changes,
/// since without one a second caller succeeds and changes nothing.
const MOVES: [(&str, &str, bool); 26] = [
    ("draft", "submit", false),
    ("submitted", "accept", false),
    ("submitted", "reject", false),
    ("resubmitted", "accept", false),
    ("resubmitted", "reject", false),
    ("rejected", "resubmit", false),
    ("accepted", "hold", false),
    ("held", "resume", false),
    ("accepted", "complete", false),
    ("accepted by level 1", "complete", false),
    ("pending", "review/approve", false),
    ("pending", "review/request-revisions", false),
    ("pending", "review/correct", false),
    ("completed", "reopen", false),
    ("unreleased", "reopen", false),
    ("unreleased", "release", false),
    ("accepted", "assign", true),
    ("unassigned", "take", true),
    ("accepted", "tier", true),
    ("accepted", "credit", true),
    ("completed", "credit", true),
    ("held", "assign", true),
    ("held", "hold", true),
    ("accepted", "member", true),
    ("accepted", "", true),
    ("draft", "delete", true),
];

async fn round(app: &TestApp, is_sabotaged: bool, answers: &mut BTreeMap<u16, usize>) {
    for (state, operation, is_versioned) in MOVES {
        let case = in_state(app, state).await;
        for status in race(app, &case, (state, operation, is_versioned), is_sabotaged).await {
            *answers.entry(status).or_default() += 1;
        }
    }
}

async fn in_state(app: &TestApp, state: &str) -> Scene {
    let case = app.a_case();
    match state {
        "draft" => case.create().await,
        "submitted" => case.submitted().create().await,
        "rejected" => rejected(app).await,
        "resubmitted" => {
            let case = rejected(app).await;
            app.as_member().await.post(&case.url("resubmit"), json!({})).await.expect(200);
            case
        }
        "accepted" => case.accepted().create().await,
        "accepted by level 1" => {
            let tech = app.tech(1).await;
            case.accepted().assigned_to(&tech).create().await
        }
        "unassigned" => {
            let case = case.accepted().create().await;
            let terms = json!({"assigned_to": null, "reason": "race"});
            app.as_manager().await.post(&case.url("assign"), terms).await.expect(200);
            case
        }
        "held" => case.held().create().await,
        "pending" => case.pending_review().create().await,
        "unreleased" => case.completed_until(app.clock.now() + chrono::TimeDelta::days(30)).create().await,
        "completed" => case.completed().create().await,
        _ => panic!("{state}"),
    }
}

/// Rejected, and edited since.
async fn rejected(app: &TestApp) -> Scene {
    let case = app.a_case().submitted().create().await;
    let reason = body(app, "reject").await;
    app.as_manager().await.post(&case.url("reject"), reason).await.expect(200);
    app.pass(chrono::TimeDelta::minutes(1));
    let edit = json!({"client_email": "new@example.org"});
    app.as_member().await.patch(&case.path(), edit).await.expect(200);
    case
}

async fn caller<'a>(app: &'a TestApp, state: &str, operation: &str) -> Client<'a> {
    match (state, operation) {
        (_, "submit" | "resubmit") | ("draft", _) => app.as_member().await,
        (_, "take") => app.as_tech(2).await,
        (_, "member") => app.as_admin().await,
        ("accepted by level 1", _) => app.as_tech(1).await,
        _ => app.as_manager().await,
    }
}

async fn race(app: &TestApp, case: &Scene, about: (&str, &str, bool), is_sabotaged: bool) -> Vec<u16> {
    let (state, operation, is_versioned) = about;
    // Separate connections: a kept-alive one that the server closes while idle would give no response in the race.
    let by = caller(app, state, operation).await.with("Connection", "close");
    let (path, body) = (if operation.is_empty() { case.path() } else { case.url(operation) }, body(app, operation).await);
    let by = match is_versioned {
        true => {
            let version = app.as_manager().await.get(&case.path()).await.expect(200)["version"].clone();
            by.with("If-Match", &format!("\"{version}\""))
        }
        false => by,
    };
    let mark = app.mark().await;
    let callers = join_all((0..CALLERS).map(async |_| match operation {
        "" => by.patch(&path, body.clone()).await,
        "hold" if state == "held" => by.patch(&path, body.clone()).await,
        "delete" => by.delete(&case.path()).await,
        _ => by.post(&path, body.clone()).await,
    }));
    let rivals = async {
        if is_sabotaged {
            forget(app, case).await;
        }
    };
    let (answered, ()) = join(callers, rivals).await;
    let statuses: Vec<u16> = answered.iter().map(|answer| answer.status()).collect();
    let won = statuses.iter().filter(|status| **status < 300).count();
    assert_eq!(won, 1, "{state}: {operation} has more or fewer than one winner: {statuses:?}");
    let refused = if operation == "delete" { [404, 412] } else { [409, 412] };
    assert!(statuses.iter().all(|status| *status < 300 || refused.contains(status)), "{state}: {operation}: {statuses:?}");
    let trail = app.since(&mark).await;
    let changes_status = !is_versioned && operation != "release";
    let is_change = |entry: &&Json| {
        let changes = &entry["changes"];
        let is_change = if changes_status { !changes["status"].is_null() } else { changes != &json!({}) };
        entry["object_type"] == "case" && entry["outcome"] == "success" && is_change
    };
    let made = trail.iter().filter(is_change).count();
    assert_eq!(made, 1, "{state}: {operation} has more or fewer than one entry");
    statuses
}

async fn body(app: &TestApp, operation: &str) -> Json {
    match operation {
        "submit" | "resubmit" | "take" | "release" => json!({}),
        "accept" => json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": app.tech(3).await.id}),
        "reject" => json!({"rejection_reason": "other", "rejection_notes": "race"}),
        "complete" => json!({"override_incomplete": true}),
        "review/approve" | "review/request-revisions" | "review/correct" => json!({"notes": "race"}),
        "assign" => json!({"assigned_to": app.tech(2).await.id, "reason": "race"}),
        "tier" => json!({"tier": "tier_2", "reason": "race"}),
        "credit" => json!({"credit_value": "2.5", "reason": "race"}),
        "member" => json!({"member_id": app.user("member2", Role::Member, None).await.id, "reason": "race"}),
        "" => json!({"internal_notes": "race"}),
        "hold" => json!({"reason": "race", "hold_duration_days": 21}),
        _ => json!({"reason": "race"}),
    }
}

/// Removes the database's own checks.
#[expect(clippy::disallowed_methods, reason = "this deliberately damages the database")]
pub async fn disarm(app: &TestApp, table: &str) {
    match app.kind {
        Kind::Postgres => {
            app.outside.execute_unprepared(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL")).await.expect("no triggers");
        }
        Kind::Sqlite => {
            let named = format!("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'");
            let named = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, named);
            for row in app.outside.query_all_raw(named).await.expect("triggers") {
                let name: String = row.try_get("", "name").expect("a name");
                app.outside.execute_unprepared(&format!("DROP TRIGGER {name}")).await.expect("no trigger");
            }
        }
    }
}

/// Repeatedly resets a case to its status, like a service that forgets what it just did.
#[expect(clippy::disallowed_methods, reason = "this deliberately damages the database")]
async fn forget(app: &TestApp, case: &Scene) {
    let id = match app.kind {
        Kind::Postgres => format!("'{}'", case.case.id),
        Kind::Sqlite => format!("x'{}'", case.case.id.simple()),
    };
    let status = serde_json::to_value(case.case.status).expect("a status");
    let status = status.as_str().expect("a text");
    let statement = format!("UPDATE cases SET status = '{status}', version = {} WHERE id = {id}", case.case.version);
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        // SQLite may be busy; the next attempt follows soon.
        let _ = app.outside.execute_unprepared(&statement).await;
    }
}
