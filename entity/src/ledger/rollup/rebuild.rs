//! Counts all sealed entries again, as a new generation beside the active one: when the settings' time zone or the rules have
//! changed, or on request. Readers use the active generation until the new one takes its place.
//!
//! Each step is a short transaction that takes the sealer's lock, so that nothing is sealed while a step looks for the last
//! sequence: the step that reaches it makes the new generation the active one in the same transaction. An interrupted rebuild
//! continues where it was.

use super::{Facts, actor_day, actor_month, actor_total, add, case_day, type_day, zone_of};
use crate::db::{Db, WriteTransaction};
use crate::ledger::seal::{self, FACTS};
use crate::ledger::{RULES, State, state};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityName, FromQueryResult, Statement, Value};

/// The tables, in the order in which an old generation is deleted from them.
fn tables() -> [&'static str; 5] {
    let [months, types] = oldest_known_by();
    [case_day::Entity.table_name(), actor_total::Entity.table_name(), actor_day::Entity.table_name(), months, types]
}

/// The tables that have rows of each generation until its last ones are deleted. Each entry is counted in both; the previous
/// version deletes from the second one and doesn't know the first.
fn oldest_known_by() -> [&'static str; 2] {
    [actor_month::Entity.table_name(), type_day::Entity.table_name()]
}

/// Does the next step of a rebuild, if one is due, or deletes rows of generations that are no longer read. Returns whether there
/// is more to do; not if another replica is doing it.
///
/// # Errors
///
/// The database failed, or this version does not know the settings' time zone.
pub async fn rebuild_step(db: &Db) -> Result<bool, DbErr> {
    let known = state(db.readers()).await?;
    if due(&known) == RequiredWork::Nothing && !has_old(db, &known).await? {
        return Ok(false);
    }
    let tx = db.begin_unshared(None).await?;
    if !seal::is_only_sealer(&tx).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    let known = state(&tx).await?;
    let has_more = match due(&known) {
        RequiredWork::Nothing => delete_old(&tx, &known).await?,
        RequiredWork::Beginning => begin(&tx, &known).await.map(|()| true)?,
        RequiredWork::Building(generation) => build(&tx, &known, generation).await.map(|()| true)?,
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
enum RequiredWork {
    Nothing,
    /// A new generation.
    Beginning,
    /// The next entries of this one.
    Building(i32),
}

/// Rows that a newer version counts are left to it.
fn due(known: &State) -> RequiredWork {
    let is_newer = known.rules.max(known.building_rules.unwrap_or_default()) > RULES;
    if known.zone.is_empty() || is_newer {
        return RequiredWork::Nothing;
    }
    match known.building {
        Some(generation) => {
            let is_current =
                known.building_zone.as_deref() == Some(known.settings_zone.as_str()) && known.building_rules == Some(RULES);
            if is_current { RequiredWork::Building(generation) } else { RequiredWork::Beginning }
        }
        None if known.zone == known.settings_zone && known.rules == RULES => RequiredWork::Nothing,
        None => RequiredWork::Beginning,
    }
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

/// Counts the next entries. With the last one, the generation becomes the active one.
async fn build(tx: &WriteTransaction, known: &State, generation: i32) -> Result<(), DbErr> {
    let zone = zone_of(&known.settings_zone)?;
    // Nothing is sealed while this transaction has the sealer's lock.
    let last = known.last_sequence;
    let batch = i64::try_from(seal::batch_max(tx.backend())).unwrap_or(i64::MAX);
    let through = known.building_through.saturating_add(batch).min(last);
    let sql = format!(
        "SELECT {FACTS} FROM ledger_leaves AS leaf JOIN audit_entries AS entry ON entry.id = leaf.entry_id \
         WHERE leaf.sequence > $1 AND leaf.sequence <= $2"
    );
    let values = [known.building_through.into(), through.into()];
    let entries = Facts::find_by_statement(Statement::from_sql_and_values(tx.backend(), sql, values)).all(tx).await?;
    add(tx, generation, zone, entries.iter()).await?;
    if through < last {
        return execute(tx, "UPDATE ledger_state SET building_through = $1 WHERE id = 1", vec![through.into()]).await;
    }
    let sql = "UPDATE ledger_state SET generation = $1, zone = $2, rules = $3, building = NULL, building_zone = NULL, \
               building_rules = NULL, building_through = 0 WHERE id = 1";
    execute(tx, sql, vec![generation.into(), known.settings_zone.as_str().into(), RULES.into()]).await?;
    tracing::info!(generation, zone = known.settings_zone, entries = last, "all entries were counted again");
    Ok(())
}

/// Whether there are rows of generations before the active one.
async fn has_old(db: &Db, known: &State) -> Result<bool, DbErr> {
    let any = oldest_known_by().map(|table| format!("EXISTS (SELECT 1 FROM {table} WHERE generation < $1)"));
    let sql = format!("SELECT 1 WHERE {}", any.join(" OR "));
    let reader = db.readers();
    let old = Statement::from_sql_and_values(reader.get_database_backend(), sql, [known.generation.into()]);
    Ok(reader.query_one_raw(old).await?.is_some())
}

/// Deletes a batch of the rows of generations before the active one. Returns whether there may be more.
async fn delete_old(tx: &WriteTransaction, known: &State) -> Result<bool, DbErr> {
    let (row, batch) = if tx.backend() == DbBackend::Postgres { ("ctid", 5_000) } else { ("rowid", 500) };
    for table in tables() {
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
