//! The race drill: sixty-four callers for one case, for every status change; one succeeds, the others are refused with a reason.

use crate::Plan;
use crate::app::{Kind, Scene, TestApp};
use futures_util::future::{join, join_all};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

const CALLERS: usize = 64;

pub async fn run(plan: Plan) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::start(kind).await.expect("PostgreSQL is installed");
        if plan.is_sabotaged {
            disarm(&app).await;
        }
        let mut answers = BTreeMap::new();
        let rounds = plan.rounds(20, 1);
        for _ in 0..rounds {
            round(&app, plan.is_sabotaged, &mut answers).await;
        }
        println!("{kind:?}: {rounds} rounds of {} changes, {CALLERS} callers each, responses by status {answers:?}", MOVES.len());
        app.finish().await;
    }
}

/// Each status change: the initial state of the case, and the operation.
const MOVES: [(&str, &str); 9] = [
    ("draft", "submit"),
    ("submitted", "accept"),
    ("submitted", "reject"),
    ("accepted", "hold"),
    ("held", "resume"),
    ("accepted", "complete"),
    ("pending", "review/approve"),
    ("pending", "review/request-revisions"),
    ("completed", "reopen"),
];

async fn round(app: &TestApp, is_sabotaged: bool, answers: &mut BTreeMap<u16, usize>) {
    for (state, operation) in MOVES {
        let case = match state {
            "draft" => app.a_case().create().await,
            "submitted" => app.a_case().submitted().create().await,
            "accepted" => app.a_case().accepted().create().await,
            "held" => app.a_case().held().create().await,
            "pending" => app.a_case().pending_review().create().await,
            _ => app.a_case().completed().create().await,
        };
        for status in race(app, &case, operation, is_sabotaged).await {
            *answers.entry(status).or_default() += 1;
        }
    }
}

async fn race(app: &TestApp, case: &Scene, operation: &str, is_sabotaged: bool) -> Vec<u16> {
    let by = if operation == "submit" { app.as_member().await } else { app.as_manager().await };
    // Separate connections: a kept-alive one that the server closes while idle would give no response in the race.
    let by = by.with("Connection", "close");
    let mark = app.mark().await;
    let (path, body) = (case.url(operation), body(app, operation).await);
    let callers = join_all((0..CALLERS).map(|_| by.post(&path, body.clone())));
    let rivals = async {
        if is_sabotaged {
            forget(app, case).await;
        }
    };
    let (answered, ()) = join(callers, rivals).await;
    let statuses: Vec<u16> = answered.iter().map(|answer| answer.status()).collect();
    let won = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(won, 1, "{operation} has more or fewer than one winner: {statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{operation}: {statuses:?}");
    let trail = app.since(&mark).await;
    let made = trail.iter().filter(|entry| !entry["changes"]["status"].is_null()).count();
    assert_eq!(made, 1, "{operation} has more or fewer than one entry");
    statuses
}

async fn body(app: &TestApp, operation: &str) -> Json {
    match operation {
        "submit" => json!({}),
        "accept" => json!({"tier": "tier_1", "credit_value": "1.0", "assigned_to": app.tech(3).await.id}),
        "reject" => json!({"rejection_reason": "other", "rejection_notes": "race"}),
        "complete" => json!({"override_incomplete": true}),
        "review/approve" | "review/request-revisions" => json!({"notes": "race"}),
        _ => json!({"reason": "race"}),
    }
}

/// Removes the database's own checks.
#[expect(clippy::disallowed_methods, reason = "this deliberately damages the database")]
pub async fn disarm(app: &TestApp) {
    match app.kind {
        Kind::Postgres => {
            app.outside.execute_unprepared("ALTER TABLE cases DISABLE TRIGGER ALL").await.expect("no triggers");
        }
        Kind::Sqlite => {
            let named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'cases'";
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
