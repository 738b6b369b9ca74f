//! The clock drill: two replicas on one database whose clocks jump back and forth between requests.

use crate::Plan;
use crate::app::{Fresh, Kind, Settings, TestApp, at};
use crate::race::disarm;
use entity::audit_entry::{Column, Entity};
use entity::clock::Clock;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

/// The time at which the drill starts.
const NOON: &str = "2026-12-01T18:00:00Z";

/// The maximum deviation of a clock, in milliseconds.
const OFF: i64 = 3_000;

pub async fn on(kind: Kind, plan: Plan) {
    let one = TestApp::start(kind).await.expect("PostgreSQL is installed");
    let settings = Settings { clock: Clock::fixed(at(NOON)), secret: one.secret.clone(), ..Settings::default() };
    let other =
        TestApp::serve(kind, Fresh { url: one.url.clone(), owner: one.url.clone(), files: None }, &one.url, settings).await;
    if plan.is_sabotaged {
        disarm(&one, "cases").await;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    one.clock.set(at(NOON));
    let case = one.a_case().accepted().create().await;
    let moves = plan.rounds(2_000, 100);
    for number in 0..moves {
        let replica = if rng.random_bool(0.5) { &one } else { &other };
        replica.clock.set(at(NOON) + chrono::TimeDelta::milliseconds(rng.random_range(-OFF..OFF)));
        let operation = if number % 2 == 0 { "hold" } else { "resume" };
        let by = replica.as_manager().await;
        by.post(&case.url(operation), json!({"reason": format!("{number}")})).await.expect(200);
        if plan.is_sabotaged {
            forget_when(&one).await;
        }
    }
    let of_case =
        Entity::find().filter(Column::CaseId.eq(case.case.id)).filter(Column::ActionType.is_in(["case_held", "case_resumed"]));
    let entries = of_case.order_by_asc(Column::Id).all(&one.outside).await.expect("entries");
    let recorded: Vec<String> = entries.iter().map(|entry| reason(&entry.body)).collect();
    let expected: Vec<String> = (0..moves).map(|number| number.to_string()).collect();
    println!("{kind:?}: {moves} changes by two replicas with clocks up to {} ms apart, {} entries", 2 * OFF, recorded.len());
    assert_eq!(recorded.len(), moves, "not one entry per change");
    assert!(recorded == expected, "entries are out of order");
    other.finish().await;
    one.finish().await;
}

fn reason(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    body["metadata"]["reason"].as_str().expect("a reason").to_owned()
}

/// As if a row did not record when it was last changed, or since when it has been on hold.
#[expect(clippy::disallowed_methods, reason = "this deliberately damages the database")]
async fn forget_when(app: &TestApp) {
    app.outside
        .execute_unprepared(
            "UPDATE cases SET updated_at = created_at, held_at = CASE WHEN held_at IS NULL THEN NULL ELSE created_at END",
        )
        .await
        .expect("damaging the database");
}
