//! Checks what must hold after every test: chains are unbroken, and replaying the audit log yields the current rows.

use super::TestApp;
use entity::audit::{Action, metadata};
use entity::history::replay;
use entity::{audit_entry, case, credit, document, ledger, note, setting, user};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, Statement};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use uuid::Uuid;

/// The metadata schema of each action in the catalogue.
static SCHEMAS: LazyLock<HashMap<Action, jsonschema::Validator>> = LazyLock::new(|| {
    let validator = |action| jsonschema::validator_for(&metadata::schema(action).into()).expect("a schema");
    Action::all().map(|action| (action, validator(action))).collect()
});

pub async fn check(app: &TestApp) {
    let by_id = audit_entry::Entity::find().order_by_asc(audit_entry::Column::Id);
    let entries = by_id.all(&app.outside).await.expect("entries");
    for entry in &entries {
        let body: Json = serde_json::from_str(&entry.body).expect("a body");
        // Failures contain as much metadata as successes, except for sign-ins, after which there is no session.
        let is_whole =
            body["outcome"] == "success" || (body["outcome"] == "failure" && body["action_type"] != Action::Login.code());
        if is_whole {
            let action = serde_json::from_value(body["action_type"].clone()).expect("an action");
            let schema = SCHEMAS.get(&action).expect("its schema");
            schema.validate(&body["metadata"]).unwrap_or_else(|error| panic!("{action}: {error}: {}", body["metadata"]));
        }
        assert!(!entry.actor_type.is_empty() && !entry.object_type.is_empty() && !entry.object_id.is_empty());
    }
    check_ledger(app, &entries).await;
    let replayed = replay(&entries).unwrap_or_else(|gap| panic!("the chain of entries is broken: {gap}"));
    for row in case::Entity::find().all(&app.outside).await.expect("cases") {
        replayed.ensure_row::<case::Entity>(&row).unwrap_or_else(|gap| panic!("log and row differ: {gap}"));
    }
    for row in document::Entity::find().all(&app.outside).await.expect("documents") {
        replayed.ensure_row::<document::Entity>(&row).unwrap_or_else(|gap| panic!("log and row differ: {gap}"));
    }
    for row in note::Entity::find().all(&app.outside).await.expect("notes") {
        replayed.ensure_row::<note::Entity>(&row).unwrap_or_else(|gap| panic!("log and row differ: {gap}"));
    }
    for row in user::Entity::find().all(&app.outside).await.expect("users") {
        replayed.ensure_row::<user::Entity>(&row).unwrap_or_else(|gap| panic!("log and row differ: {gap}"));
    }
    for row in setting::Entity::find().all(&app.outside).await.expect("settings") {
        replayed.ensure_row::<setting::Entity>(&row).unwrap_or_else(|gap| panic!("log and row differ: {gap}"));
    }
    for row in credit::Entity::find().all(&app.outside).await.expect("allowances") {
        replayed.ensure_row::<credit::Entity>(&row).unwrap_or_else(|gap| panic!("log and row differ: {gap}"));
    }
}

/// Once everything is sealed, each entry has its place in a sequence without gaps, with the hash of its body.
async fn check_ledger(app: &TestApp, entries: &[audit_entry::Model]) {
    app.seal().await;
    let progress = ledger::progress(&app.outside).await.expect("the progress");
    let last = i64::try_from(entries.len()).expect("a number");
    assert_eq!((progress.pending, progress.last_sequence, progress.history_done), (0, last, true), "leaves and entries");
    let sql = "SELECT sequence, entry_id, leaf_hash FROM ledger_leaves ORDER BY sequence";
    let leaves =
        app.outside.query_all_raw(Statement::from_string(app.outside.get_database_backend(), sql)).await.expect("leaves");
    let bodies: BTreeMap<Uuid, &str> = entries.iter().map(|entry| (entry.id, entry.body.as_str())).collect();
    for (leaf, sequence) in leaves.iter().zip(1_i64..) {
        assert_eq!(leaf.try_get::<i64>("", "sequence").expect("a sequence"), sequence, "a gap");
        let body = bodies[&leaf.try_get::<Uuid>("", "entry_id").expect("an entry")];
        assert_eq!(leaf.try_get::<Vec<u8>>("", "leaf_hash").expect("a hash"), ledger::leaf_hash(body));
    }
}
