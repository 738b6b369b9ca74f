//! Seals entries of a world by hand, any of them and not only the first: the rollups that the reports read, counted naively.
#![expect(clippy::disallowed_methods, reason = "the ledger is written directly to the database, inside the world's transaction")]

use crate::app::{CHANGE_COLUMNS, change_column};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::audit_entry::Model as Entry;
use entity::ledger;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Statement, Value};
use std::collections::{BTreeMap, HashMap};

/// Counts a number, those on a case, and the last time.
type Sums = (i64, i64, DateTime<Utc>);

async fn run<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) {
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await.unwrap();
}

/// Gives the entries their places, adds them to the rollups by the days of a zone, and takes them from the pending ones. Returns
/// their sequences.
pub async fn seal<C: ConnectionTrait>(db: &C, entries: &[&Entry], zone: Tz) -> HashMap<Uuid, i64> {
    for (entry, sequence) in entries.iter().zip(1_i64..) {
        let leaf: Vec<Value> = vec![sequence.into(), entry.id.into(), ledger::leaf_hash(&entry.body).to_vec().into()];
        run(db, "INSERT INTO ledger_leaves (sequence, entry_id, leaf_hash) VALUES ($1, $2, $3)", leaf).await;
        run(db, "DELETE FROM audit_pending WHERE entry_id = $1", vec![entry.id.into()]).await;
    }
    let day = |entry: &Entry| entity::period::civil_day(entry.occurred_at, zone);
    let types = sums(entries, |entry| (day(entry), [&entry.action_type, &entry.outcome, &entry.actor_type].map(String::clone)));
    for ((day, texts), (count, on_cases, last_at)) in types {
        let values = [Value::from(1_i32), day.into()].into_iter().chain(texts.map(Value::from));
        let values = values.chain([count.into(), on_cases.into(), last_at.into()]).collect();
        run(
            db,
            "INSERT INTO ledger_type_days (generation, day, action_type, outcome, actor_type, entry_count, on_cases, last_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values,
        )
        .await;
    }
    add_actors(db, entries, "ledger_actor_days", "day", day).await;
    add_actors(db, entries, "ledger_actor_months", "month", |entry| day(entry).with_day(1).unwrap()).await;
    add_changes(db, entries, day).await;
    let state = vec![zone.name().into(), ledger::RULES.into()];
    run(db, "UPDATE ledger_state SET zone = $1, rules = $2", state).await;
    entries.iter().zip(1_i64..).map(|(entry, sequence)| (entry.id, sequence)).collect()
}

/// Adds the entries to the rollups by actor of days or of months.
async fn add_actors<C: ConnectionTrait>(
    db: &C,
    entries: &[&Entry],
    table: &str,
    date: &str,
    first_day: impl Fn(&Entry) -> NaiveDate,
) {
    let actors = sums(entries, |entry| {
        let topic = entry.topic.clone().unwrap_or_default();
        let texts = [entry.actor_label.clone(), entry.action_type.clone(), entry.outcome.clone(), topic];
        (first_day(entry), entry.actor_id.unwrap_or_default(), texts)
    });
    for ((first_day, actor_id, texts), (count, on_cases, last_at)) in actors {
        let values = [Value::from(1_i32), first_day.into(), actor_id.into()].into_iter().chain(texts.map(Value::from));
        let values = values.chain([count.into(), on_cases.into(), last_at.into()]).collect();
        let columns =
            format!("generation, {date}, actor_id, actor_label, action_type, outcome, topic, entry_count, on_cases, last_at");
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        run(db, &sql, values).await;
    }
}

/// Adds the successful entries to the rollups that count changes by kind.
async fn add_changes<C: ConnectionTrait>(db: &C, entries: &[&Entry], day: impl Fn(&Entry) -> NaiveDate) {
    let done: Vec<&Entry> = entries.iter().filter(|entry| entry.outcome == "success").copied().collect();
    let actor = |entry: &Entry| (day(entry), entry.actor_id.unwrap_or_default(), entry.actor_label.clone());
    let changes = changes(&done, actor);
    for ((day, actor_id, actor_label), (count, on_cases, last_at)) in sums(&done, actor) {
        let changes = changes.get(&(day, actor_id, actor_label.clone())).copied().unwrap_or_default();
        let values = [Value::from(1_i32), day.into(), actor_id.into(), actor_label.into()].into_iter();
        let values = values.chain([count.into(), on_cases.into(), last_at.into()]).chain(changes.map(Value::from)).collect();
        let columns = CHANGE_COLUMNS.join(", ");
        let sql = format!(
            "INSERT INTO ledger_actor_totals (generation, day, actor_id, actor_label, entry_count, on_cases, last_at, {columns}) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        );
        run(db, &sql, values).await;
    }
    let on_cases: Vec<&Entry> = done.iter().filter(|entry| entry.case_id.is_some()).copied().collect();
    for ((day, case_id), changes) in self::changes(&on_cases, |entry| (day(entry), entry.case_id)) {
        let values = [Value::from(1_i32), day.into(), case_id.into()].into_iter().chain(changes.map(Value::from)).collect();
        let sql = format!(
            "INSERT INTO ledger_case_days (generation, day, case_id, {}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            CHANGE_COLUMNS.join(", ")
        );
        run(db, &sql, values).await;
    }
}

fn sums<K: Ord>(entries: &[&Entry], key: impl Fn(&Entry) -> K) -> BTreeMap<K, Sums> {
    let mut sums: BTreeMap<K, Sums> = BTreeMap::new();
    for entry in entries {
        let (count, on_cases, last_at) = sums.entry(key(entry)).or_insert((0, 0, entry.occurred_at));
        *count += 1;
        *on_cases += i64::from(entry.case_id.is_some());
        *last_at = entry.occurred_at.max(*last_at);
    }
    sums
}

/// The changes to cases among the entries, by the column that counts them.
fn changes<K: Ord>(entries: &[&Entry], key: impl Fn(&Entry) -> K) -> BTreeMap<K, [i64; 8]> {
    let mut changes: BTreeMap<K, [i64; 8]> = BTreeMap::new();
    for entry in entries {
        let column = change_column(&entry.action_type).and_then(|name| CHANGE_COLUMNS.iter().position(|column| *column == name));
        if let Some(column) = column {
            changes.entry(key(entry)).or_default()[column] += 1;
        }
    }
    changes
}
