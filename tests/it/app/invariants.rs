//! Checks what must hold after every test: chains are unbroken, and replaying the audit log yields the current rows.

use super::TestApp;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use entity::audit::{Action, metadata};
use entity::history::replay;
use entity::ledger::rollup::{actor_day, actor_month, actor_total, case_day, type_day};
use entity::period::civil_day;
use entity::{audit_entry, case, credit, document, ledger, note, setting, user};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;
use uuid::Uuid;

/// The values of `event` that docs/domain.md lists, by action.
pub static EVENTS: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/domain.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let table = page.split_once("<!-- compared with the code: events -->").expect("the table").1;
    let table = table.split_once("<!-- end -->").expect("its end").0;
    let mut events: HashMap<String, HashSet<String>> = HashMap::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').collect();
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for action in words(cells[1]) {
            events.entry(action).or_default().extend(words(cells[2]));
        }
    }
    events
});

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
        ensure_listed(&body);
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

/// The `event` of an entry is in the table, except for those that other systems report as `other`.
fn ensure_listed(body: &Json) {
    // A test may have written entries with less of a body.
    let (action, event) = (body["action_type"].as_str(), body["metadata"]["event"].as_str());
    let Some((action, event)) = action.zip(event).filter(|(action, _)| *action != Action::Other.code()) else { return };
    let is_listed = EVENTS.get(action).is_some_and(|events| events.contains(event));
    assert!(is_listed, "the table of `event` in docs/domain.md lacks `{event}` of `{action}`");
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
    rollups_equal_a_recount(app).await;
}

/// A table of rollups: the day, or the first one of the month, and the rest of a row's key, how many entries, how many of them
/// are about a case, and in milliseconds since 1970 the latest.
type Rollups = BTreeMap<(NaiveDate, Vec<String>), (i64, i64, i64)>;

/// The rollups that are read equal what is counted from all sealed entries, one by one.
pub async fn rollups_equal_a_recount(app: &TestApp) {
    let state = ledger::state(&app.outside).await.expect("the state");
    let sealed = sealed(app).await;
    if state.zone.is_empty() {
        assert!(sealed.is_empty(), "{} sealed entries are not counted", sealed.len());
        return;
    }
    let zone: Tz = state.zone.parse().expect("a time zone");
    let [mut types, mut actors, mut actor_months, mut totals, mut cases] = [const { Rollups::new() }; 5];
    for entry in audit_entry::Entity::find().all(&app.outside).await.expect("entries") {
        if !sealed.contains(&entry.id) {
            continue;
        }
        let day = civil_day(entry.occurred_at, zone);
        let (at, on_case) = (entry.occurred_at.timestamp_millis(), i64::from(entry.case_id.is_some()));
        let (action, outcome) = (entry.action_type.clone(), entry.outcome.clone());
        let add_on = |day: NaiveDate, table: &mut Rollups, key: Vec<String>| {
            let sums = table.entry((day, key)).or_default();
            *sums = (sums.0 + 1, sums.1 + on_case, sums.2.max(at));
        };
        let add = |table: &mut Rollups, key: Vec<String>| add_on(day, table, key);
        add(&mut types, vec![action.clone(), outcome.clone(), entry.actor_type]);
        let (actor, topic) = (entry.actor_id.unwrap_or(Uuid::nil()).to_string(), entry.topic.unwrap_or_default());
        let key = vec![actor.clone(), entry.actor_label.clone(), action.clone(), outcome.clone(), topic];
        add_on(day.with_day(1).expect("a day"), &mut actor_months, key.clone());
        add(&mut actors, key);
        if outcome != "success" {
            continue;
        }
        add(&mut totals, vec![actor.clone(), entry.actor_label.clone()]);
        let Some(column) = change_column(&action) else { continue };
        let count = |table: &mut Rollups, key: Vec<String>| table.entry((day, key)).or_default().0 += 1;
        count(&mut totals, vec![actor, entry.actor_label, column.to_owned()]);
        if let Some(case_id) = entry.case_id {
            count(&mut cases, vec![case_id.to_string(), column.to_owned()]);
        }
    }
    assert_eq!(type_days(app, state.generation).await, types, "ledger_type_days in {zone}");
    assert_eq!(actor_days(app, state.generation).await, actors, "ledger_actor_days in {zone}");
    assert_eq!(self::actor_months(app, state.generation).await, actor_months, "ledger_actor_months in {zone}");
    assert_eq!(actor_totals(app, state.generation).await, totals, "ledger_actor_totals in {zone}");
    assert_eq!(case_days(app, state.generation).await, cases, "ledger_case_days in {zone}");
}

async fn sealed(app: &TestApp) -> HashSet<Uuid> {
    let leaves = Statement::from_string(app.outside.get_database_backend(), "SELECT entry_id FROM ledger_leaves");
    let rows = app.outside.query_all_raw(leaves).await.expect("leaves");
    rows.iter().map(|row| row.try_get("", "entry_id").expect("an id")).collect()
}

async fn type_days(app: &TestApp, generation: i32) -> Rollups {
    let rows = type_day::Entity::find().filter(type_day::Column::Generation.eq(generation)).all(&app.outside).await;
    let rows = rows.expect("rollups").into_iter().map(|row| {
        let sums = (row.entry_count, row.on_cases, row.last_at.timestamp_millis());
        ((row.day, vec![row.action_type, row.outcome, row.actor_type]), sums)
    });
    rows.collect()
}

async fn actor_days(app: &TestApp, generation: i32) -> Rollups {
    let rows = actor_day::Entity::find().filter(actor_day::Column::Generation.eq(generation)).all(&app.outside).await;
    let rows = rows.expect("rollups").into_iter().map(|row| {
        let key = vec![row.actor_id.to_string(), row.actor_label, row.action_type, row.outcome, row.topic];
        ((row.day, key), (row.entry_count, row.on_cases, row.last_at.timestamp_millis()))
    });
    rows.collect()
}

async fn actor_months(app: &TestApp, generation: i32) -> Rollups {
    let rows = actor_month::Entity::find().filter(actor_month::Column::Generation.eq(generation)).all(&app.outside).await;
    let rows = rows.expect("rollups").into_iter().map(|row| {
        let key = vec![row.actor_id.to_string(), row.actor_label, row.action_type, row.outcome, row.topic];
        ((row.month, key), (row.entry_count, row.on_cases, row.last_at.timestamp_millis()))
    });
    rows.collect()
}

async fn actor_totals(app: &TestApp, generation: i32) -> Rollups {
    let rows = actor_total::Entity::find().filter(actor_total::Column::Generation.eq(generation)).all(&app.outside).await;
    let rows = rows.expect("rollups").into_iter().flat_map(|row| {
        let key = vec![row.actor_id.to_string(), row.actor_label.clone()];
        let sums = (i64::from(row.entry_count), i64::from(row.on_cases), row.last_at.timestamp_millis());
        let changes = [row.created, row.status_changed, row.tier_changed, row.assigned];
        let others = [row.resubmitted, row.held, row.resumed, row.edited];
        let by_column = by_column(row.day, &key, [changes, others].concat());
        [((row.day, key), sums)].into_iter().chain(by_column)
    });
    rows.collect()
}

async fn case_days(app: &TestApp, generation: i32) -> Rollups {
    let rows = case_day::Entity::find().filter(case_day::Column::Generation.eq(generation)).all(&app.outside).await;
    let rows = rows.expect("rollups").into_iter().flat_map(|row| {
        let changes = [row.created, row.status_changed, row.tier_changed, row.assigned];
        let others = [row.resubmitted, row.held, row.resumed, row.edited];
        by_column(row.day, &[row.case_id.to_string()], [changes, others].concat())
    });
    rows.collect()
}

/// The columns of changes, in their order in the tables.
pub const CHANGE_COLUMNS: [&str; 8] =
    ["created", "status_changed", "tier_changed", "assigned", "resubmitted", "held", "resumed", "edited"];

/// The column in which the rollups count a successful change to a case; `None` for what changes no case. Another column for an
/// action needs greater `ledger::RULES`.
pub fn change_column(action_type: &str) -> Option<&'static str> {
    Some(match action_type {
        "case_created" => "created",
        "case_submitted" | "case_status_changed" => "status_changed",
        "case_tier_changed" => "tier_changed",
        "case_assigned" | "case_reassigned" => "assigned",
        "case_resubmitted" => "resubmitted",
        "case_held" => "held",
        "case_resumed" => "resumed",
        "case_updated" | "case_details_edited" => "edited",
        _ => return None,
    })
}

/// The columns of changes that are not zero, each with its name behind the key of the row.
fn by_column(day: NaiveDate, key: &[String], counts: Vec<i32>) -> Rollups {
    let named = CHANGE_COLUMNS.iter().zip(counts).filter(|(_, count)| *count != 0);
    let key = |column: &str| key.iter().cloned().chain([column.to_owned()]).collect();
    named.map(|(column, count)| ((day, key(column)), (i64::from(count), 0, 0))).collect()
}
