//! Counts all sealed entries again, as a new generation beside the active one: when the settings' time zone or the rules have
//! changed, or on request. Readers use the active generation until the new one takes its place.
//!
//! Each step is a short transaction that takes the sealer's lock, so that nothing is sealed while a step looks for the last
//! sequence: the step that reaches it makes the new generation the active one in the same transaction. An interrupted rebuild
//! continues where it was.

use super::{Counted, Tally};
use crate::db::{Db, WriteTransaction};
use crate::ledger::{RULES, State, seal, state};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

/// The tables, in the order in which an old generation is deleted from them. Each entry is counted in the last one, so a
/// generation that has no rows there has none at all.
const TABLES: [&str; 3] = ["ledger_case_days", "ledger_actor_days", OLDEST_KNOWN_BY];
const OLDEST_KNOWN_BY: &str = "ledger_type_days";

/// Does the next step of a rebuild, if one is due, or deletes rows of generations that are no longer read. Returns whether there
/// is more to do; not if another replica is doing it.
///
/// # Errors
///
/// The database failed, or this version does not know the settings' time zone.
pub async fn rebuild_step(db: &Db) -> Result<bool, DbErr> {
    let known = state(db.readers()).await?;
    if due(&known) == Due::Nothing && !has_old(db, &known).await? {
        return Ok(false);
    }
    let tx = db.begin().await?;
    if !is_free(&tx).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    let known = state(&tx).await?;
    let has_more = match due(&known) {
        Due::Nothing => delete_old(&tx, &known).await?,
        Due::Beginning => begin(&tx, &known).await.map(|()| true)?,
        Due::Building(generation) => build(&tx, &known, generation).await.map(|()| true)?,
    };
    tx.commit().await?;
    Ok(has_more)
}

/// Lets the sealer count everything again, although neither the time zone nor the rules have changed. Until that is done, the
/// active generation counts as one of unknown rules, so that reports read the log. Returns whether it will be counted: not before
/// anything was, nor where a newer version counts.
///
/// # Errors
///
/// The database failed, or the sealer held its lock for longer than a writer waits.
pub async fn start_rebuild(db: &Db) -> Result<bool, DbErr> {
    let tx = db.begin().await?;
    if tx.backend() == DbBackend::Postgres {
        let lock = "SELECT pg_advisory_xact_lock($1)";
        tx.query_one(&Statement::from_sql_and_values(DbBackend::Postgres, lock, [seal::LOCK.into()])).await?;
    }
    let known = state(&tx).await?;
    let is_ours = !known.zone.is_empty() && known.rules.max(known.building_rules.unwrap_or_default()) <= RULES;
    if is_ours {
        begin(&tx, &known).await?;
        execute(&tx, "UPDATE ledger_state SET rules = 0 WHERE id = 1", Vec::new()).await?;
    }
    tx.commit().await?;
    Ok(is_ours)
}

/// What a state requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    /// A new generation.
    Beginning,
    /// The next entries of this one.
    Building(i32),
}

/// Rows that a newer version counts are left to it.
fn due(known: &State) -> Due {
    let is_newer = known.rules.max(known.building_rules.unwrap_or_default()) > RULES;
    if known.zone.is_empty() || is_newer {
        return Due::Nothing;
    }
    match known.building {
        Some(generation) => {
            let is_current =
                known.building_zone.as_deref() == Some(known.settings_zone.as_str()) && known.building_rules == Some(RULES);
            if is_current { Due::Building(generation) } else { Due::Beginning }
        }
        None if known.zone == known.settings_zone && known.rules == RULES => Due::Nothing,
        None => Due::Beginning,
    }
}

/// Whether the sealer's lock is free, in which case this transaction has it. On SQLite it is the lock of the only writer.
async fn is_free(tx: &WriteTransaction) -> Result<bool, DbErr> {
    if tx.backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let lock = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock($1) AS is_free",
        [seal::LOCK.into()],
    );
    tx.query_one(&lock).await?.ok_or_else(|| DbErr::RecordNotFound("lock".to_owned()))?.try_get("", "is_free")
}

/// Begins a generation. Numbers only increase, so that one that was given up has a smaller number than the one that is active in
/// the end.
async fn begin(tx: &WriteTransaction, known: &State) -> Result<(), DbErr> {
    zone_of(&known.settings_zone)?;
    let generation = known.generation.max(known.building.unwrap_or_default()).saturating_add(1);
    let sql = "UPDATE ledger_state SET building = $1, building_zone = $2, building_rules = $3, building_through = 0 WHERE id = 1";
    execute(tx, sql, vec![generation.into(), known.settings_zone.as_str().into(), RULES.into()]).await?;
    tracing::info!(generation, zone = known.settings_zone, "counting all entries again");
    Ok(())
}

/// How many entries a step counts: on SQLite few, since all writers wait for it.
fn batch(backend: DbBackend) -> i64 {
    if backend == DbBackend::Postgres { 5_000 } else { 500 }
}

/// An entry as it is counted.
#[derive(FromQueryResult)]
struct Sealed {
    occurred_at: DateTime<Utc>,
    action_type: String,
    outcome: String,
    actor_type: String,
    actor_id: Option<Uuid>,
    actor_label: String,
    case_id: Option<Uuid>,
    topic: Option<String>,
}

impl Sealed {
    fn counted(&self) -> Counted<'_> {
        let Self { occurred_at, action_type, outcome, actor_type, actor_id, actor_label, case_id, topic } = self;
        Counted {
            occurred_at: *occurred_at,
            action_type,
            outcome,
            actor_type,
            actor_id: *actor_id,
            actor_label,
            case_id: *case_id,
            topic: topic.as_deref(),
        }
    }
}

/// Counts the next entries. With the last one, the generation becomes the active one.
async fn build(tx: &WriteTransaction, known: &State, generation: i32) -> Result<(), DbErr> {
    let zone = zone_of(&known.settings_zone)?;
    let last = last_sequence(tx).await?;
    let through = known.building_through.saturating_add(batch(tx.backend())).min(last);
    let sql = "SELECT entry.occurred_at, entry.action_type, entry.outcome, entry.actor_type, entry.actor_id, entry.actor_label, \
               entry.case_id, entry.topic FROM ledger_leaves AS leaf JOIN audit_entries AS entry ON entry.id = leaf.entry_id \
               WHERE leaf.sequence > $1 AND leaf.sequence <= $2";
    let values = [known.building_through.into(), through.into()];
    let entries = Sealed::find_by_statement(Statement::from_sql_and_values(tx.backend(), sql, values)).all(tx).await?;
    let mut tally = Tally::default();
    for entry in &entries {
        tally.count(zone, entry.counted());
    }
    tally.store(tx, generation).await?;
    if through < last {
        return execute(tx, "UPDATE ledger_state SET building_through = $1 WHERE id = 1", vec![through.into()]).await;
    }
    let sql = "UPDATE ledger_state SET generation = $1, zone = $2, rules = $3, rolled_through = $4, building = NULL, \
               building_zone = NULL, building_rules = NULL, building_through = 0 WHERE id = 1";
    execute(tx, sql, vec![generation.into(), known.settings_zone.as_str().into(), RULES.into(), last.into()]).await?;
    tracing::info!(generation, zone = known.settings_zone, entries = last, "all entries were counted again");
    Ok(())
}

/// Nothing is sealed while this transaction has the sealer's lock.
async fn last_sequence(tx: &WriteTransaction) -> Result<i64, DbErr> {
    let last = Statement::from_string(tx.backend(), "SELECT COALESCE(MAX(sequence), 0) AS last FROM ledger_leaves");
    tx.query_one(&last).await?.ok_or_else(|| DbErr::RecordNotFound("ledger_leaves".to_owned()))?.try_get("", "last")
}

/// Whether there are rows of generations before the active one.
async fn has_old(db: &Db, known: &State) -> Result<bool, DbErr> {
    let sql = format!("SELECT 1 FROM {OLDEST_KNOWN_BY} WHERE generation < $1 LIMIT 1");
    let reader = db.readers();
    let old = Statement::from_sql_and_values(reader.get_database_backend(), sql, [known.generation.into()]);
    Ok(reader.query_one_raw(old).await?.is_some())
}

/// Deletes a batch of the rows of generations before the active one. Returns whether there may be more.
async fn delete_old(tx: &WriteTransaction, known: &State) -> Result<bool, DbErr> {
    let (row, batch) = if tx.backend() == DbBackend::Postgres { ("ctid", 5_000) } else { ("rowid", 500) };
    for table in TABLES {
        // The subselect is materialised once: PostgreSQL deletes by the places of rows, which an IN would compare one by one.
        let chosen = format!("SELECT {row} FROM {table} WHERE generation < $1 LIMIT {batch}");
        let sql = match tx.backend() {
            DbBackend::Postgres => format!("DELETE FROM {table} WHERE {row} = ANY(ARRAY({chosen}))"),
            _ => format!("DELETE FROM {table} WHERE {row} IN ({chosen})"),
        };
        let statement = Statement::from_sql_and_values(tx.backend(), sql, [known.generation.into()]);
        if tx.execute(&statement).await?.rows_affected() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn execute(tx: &WriteTransaction, sql: &str, values: Vec<Value>) -> Result<(), DbErr> {
    tx.execute(&Statement::from_sql_and_values(tx.backend(), sql, values)).await.map(drop)
}

/// The time zone of a generation by its name.
pub(super) fn zone_of(name: &str) -> Result<Tz, DbErr> {
    name.parse().map_err(|_| DbErr::Type(format!("'{name}' is not a time zone that this version knows")))
}
