//! Seals entries: gives each its sequence and its leaf, in batches of one short transaction.
//!
//! One sealer at a time: on PostgreSQL by an advisory lock, on SQLite by the write lock. Entries from before the ledger come
//! first, by their ids; then those that are pending. An entry that is committed late gets a later sequence than newer ones before
//! it.

use super::rollup::{self, Facts};
use super::{RULES, State, state};
use crate::db::{Db, WriteTransaction};
use crate::text;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::time::Duration;

/// The key of the advisory lock: "casetrle" in ASCII.
pub(super) const LOCK: i64 = 0x6361_7365_7472_6C65;

/// How long to wait for another sealer before the next attempt.
const PAUSE: Duration = Duration::from_millis(20);

/// An entry to seal, with what the rollups count.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Sealable {
    pub id: Uuid,
    #[sea_orm(skip)]
    pub sequence: i64,
    #[sea_orm(nested)]
    pub facts: Facts,
    pub body: String,
}

/// What is left after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing that this version may seal: no entry was pending when the batch began, or a newer version counts by rules that
    /// this one does not know.
    Nothing,
    /// The batch was full, or was one of the history.
    More,
    /// Not known: another sealer is at work.
    Elsewhere,
}

/// What became of one batch, or of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// How many entries were sealed.
    pub entries: u64,
    /// The sequence of the last sealed entry, by whichever sealer.
    pub last_sequence: i64,
    pub rest: Rest,
    /// Whether all entries from before the ledger are sealed.
    pub history_done: bool,
}

/// Seals one batch of at most so many entries, and never more than `batch_max`. Writes nothing if there is nothing to seal.
///
/// # Errors
///
/// If the database can't be reached, or the settings' time zone is not known; then nothing was sealed.
pub async fn seal(db: &Db, at_most: usize) -> Result<Sealed, DbErr> {
    let known = state(db.readers()).await?;
    if known.history_done && !is_any_pending(db.readers()).await? {
        return Ok(sealed(&known, 0, Rest::Nothing));
    }
    let tx = db.begin_unshared(None).await?;
    let max = at_most.clamp(1, batch_max(tx.backend()));
    if !is_only_sealer(&tx).await? {
        tx.rollback().await?;
        return Ok(sealed(&known, 0, Rest::Elsewhere));
    }
    // As it is now that no other sealer can change it.
    let mut state = state(&tx).await?;
    if state.rules > RULES {
        // A newer version counts by rules that this one does not know.
        tx.rollback().await?;
        return Ok(sealed(&state, 0, Rest::Nothing));
    }
    let (mut entries, rest) = if state.history_done { pending(&tx, max).await? } else { history(&tx, &mut state, max).await? };
    number(&mut entries, &mut state);
    if state.zone.is_empty() {
        state.zone.clone_from(&state.settings_zone);
        state.rules = RULES;
    }
    if !entries.is_empty() {
        insert_leaves(&tx, &entries).await?;
        rollup::add(&tx, state.generation, rollup::zone_of(&state.zone)?, entries.iter().map(|entry| &entry.facts)).await?;
        delete_pending(&tx, &entries).await?;
    }
    keep(&tx, &state).await?;
    tx.commit().await?;
    Ok(sealed(&state, u64::try_from(entries.len()).unwrap_or(u64::MAX), rest))
}

/// Seals batch by batch until nothing is left that was committed before this was called. Waits for another sealer.
///
/// # Errors
///
/// As `seal`.
pub async fn seal_all(db: &Db) -> Result<Sealed, DbErr> {
    let mut entries = 0_u64;
    loop {
        let batch = seal(db, usize::MAX).await?;
        entries = entries.saturating_add(batch.entries);
        match batch.rest {
            Rest::Nothing => return Ok(Sealed { entries, ..batch }),
            Rest::More => tokio::task::yield_now().await,
            Rest::Elsewhere => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// The leaf of an entry's body in the tree of the ledger (RFC 9162, 2.1.1).
pub fn leaf_hash(body: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0_u8]);
    hash.update(body.as_bytes());
    hash.finalize().into()
}

fn sealed(state: &State, entries: u64, rest: Rest) -> Sealed {
    Sealed { entries, last_sequence: state.last_sequence, rest, history_done: state.history_done }
}

async fn is_any_pending<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let any = Statement::from_string(db.get_database_backend(), "SELECT entry_id FROM audit_pending LIMIT 1");
    Ok(db.query_one_raw(any).await?.is_some())
}

/// Whether this transaction is the only one that seals, until it ends.
pub(super) async fn is_only_sealer(tx: &WriteTransaction) -> Result<bool, DbErr> {
    if tx.backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let lock = format!("SELECT pg_try_advisory_xact_lock({LOCK}) AS is_only_sealer");
    let row = tx.query_one(&Statement::from_string(DbBackend::Postgres, lock)).await?;
    Ok(row.map(|row| row.try_get("", "is_only_sealer")).transpose()?.unwrap_or(false))
}

/// How many entries a batch has at most: on SQLite few, since other writers wait for it; on PostgreSQL so many that their bodies,
/// of which each may have 32 KiB and more, fit into memory.
pub const fn batch_max(backend: DbBackend) -> usize {
    match backend {
        DbBackend::Postgres => 1_000,
        _ => 500,
    }
}

/// The columns of `Facts`.
pub(super) const FACTS: &str = "entry.occurred_at, entry.action_type, entry.outcome, entry.actor_type, entry.actor_id, \
                                entry.actor_label, entry.case_id, entry.topic";

/// The first pending entries by id. Each is looked up by its key: the log must never be read as a whole.
async fn pending(tx: &WriteTransaction, max: usize) -> Result<(Vec<Sealable>, Rest), DbErr> {
    let backend = tx.backend();
    let first = format!("(SELECT entry_id FROM audit_pending ORDER BY entry_id LIMIT {max}) AS pending");
    let sql = match backend {
        DbBackend::Postgres => format!(
            "SELECT entry.* FROM {first} CROSS JOIN LATERAL (SELECT entry.id, entry.body, {FACTS} FROM audit_entries AS entry \
             WHERE entry.id = pending.entry_id OFFSET 0) AS entry ORDER BY entry.id"
        ),
        _ => format!(
            "SELECT entry.id, entry.body, {FACTS} FROM {first} \
             CROSS JOIN audit_entries AS entry ON entry.id = pending.entry_id ORDER BY entry.id"
        ),
    };
    let entries = Sealable::find_by_statement(Statement::from_string(backend, sql)).all(tx).await?;
    let rest = if entries.len() < max { Rest::Nothing } else { Rest::More };
    Ok((entries, rest))
}

/// The next entries from before the ledger. While there are any, no other entry is sealed, so none of them has a leaf; those that
/// are pending are not among them.
async fn history(tx: &WriteTransaction, state: &mut State, max: usize) -> Result<(Vec<Sealable>, Rest), DbErr> {
    let backend = tx.backend();
    let after = state.history_after.unwrap_or_default();
    let sql = format!(
        "SELECT entry.id, entry.body, {FACTS} FROM audit_entries AS entry WHERE entry.id > $1 ORDER BY entry.id LIMIT {max}"
    );
    let next = Statement::from_sql_and_values(backend, sql, [after.into()]);
    let mut entries = Sealable::find_by_statement(next).all(tx).await?;
    state.history_done = entries.len() < max;
    if let Some(last) = entries.last().map(|entry| entry.id) {
        let sql = "SELECT entry_id FROM audit_pending WHERE entry_id > $1 AND entry_id <= $2";
        let rows = tx.query_all(&Statement::from_sql_and_values(backend, sql, [after.into(), last.into()])).await?;
        let later: HashSet<Uuid> = rows.iter().map(|row| row.try_get("", "entry_id")).collect::<Result<_, DbErr>>()?;
        entries.retain(|entry| !later.contains(&entry.id));
        state.history_after = Some(last);
    }
    Ok((entries, Rest::More))
}

fn number(entries: &mut [Sealable], state: &mut State) {
    for entry in entries {
        state.last_sequence = state.last_sequence.saturating_add(1);
        entry.sequence = state.last_sequence;
    }
}

/// The ids as one text, so that batches of all sizes are one prepared statement.
fn listed<'a>(backend: DbBackend, words: impl Iterator<Item = &'a str>) -> String {
    let (open, quote, close) = if backend == DbBackend::Postgres { ("", "", "") } else { ("[", "\"", "]") };
    let mut list = open.to_owned();
    for (place, word) in words.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        list.extend([comma, quote, word, quote]);
    }
    list + close
}

/// The ids and the hashes are hexadecimal digits of fixed length: 32 and 64.
async fn insert_leaves(tx: &WriteTransaction, entries: &[Sealable]) -> Result<(), DbErr> {
    let Some(first) = entries.first() else { return Ok(()) };
    let leaves: Vec<String> =
        entries.iter().map(|entry| format!("{}{}", entry.id.simple(), text::hex(&leaf_hash(&entry.body)))).collect();
    let sql = match tx.backend() {
        DbBackend::Postgres => {
            "INSERT INTO ledger_leaves (sequence, entry_id, leaf_hash) \
             SELECT $1::bigint + leaf.place - 1, substr(leaf.digits, 1, 32)::uuid, decode(substr(leaf.digits, 33), 'hex') \
             FROM unnest(string_to_array($2::text, ',')) WITH ORDINALITY AS leaf (digits, place) ORDER BY leaf.place"
        }
        _ => {
            "INSERT INTO ledger_leaves (sequence, entry_id, leaf_hash) \
             SELECT $1 + leaf.key, unhex(substr(leaf.value, 1, 32)), unhex(substr(leaf.value, 33)) \
             FROM json_each($2) AS leaf ORDER BY leaf.key"
        }
    };
    let list = listed(tx.backend(), leaves.iter().map(String::as_str));
    tx.execute(&Statement::from_sql_and_values(tx.backend(), sql, [first.sequence.into(), list.into()])).await.map(drop)
}

async fn delete_pending(tx: &WriteTransaction, entries: &[Sealable]) -> Result<(), DbErr> {
    let sql = match tx.backend() {
        DbBackend::Postgres => "DELETE FROM audit_pending WHERE entry_id = ANY(string_to_array($1::text, ',')::uuid[])",
        _ => "DELETE FROM audit_pending WHERE entry_id IN (SELECT unhex(gone.value) FROM json_each($1) AS gone)",
    };
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.simple().to_string()).collect();
    let list = listed(tx.backend(), ids.iter().map(String::as_str));
    tx.execute(&Statement::from_sql_and_values(tx.backend(), sql, [list.into()])).await.map(drop)
}

async fn keep(tx: &WriteTransaction, state: &State) -> Result<(), DbErr> {
    let sql = "UPDATE ledger_state SET history_after = $1, history_done = $2, zone = $3, rules = $4 WHERE id = 1";
    let State { history_after, history_done, zone, rules, .. } = state;
    let values = [(*history_after).into(), (*history_done).into(), zone.as_str().into(), (*rules).into()];
    tx.execute(&Statement::from_sql_and_values(tx.backend(), sql, values)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_the_hash_of_a_zero_byte_and_the_body() {
        // RFC 9162 has this value for an empty leaf.
        let empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(text::hex(&leaf_hash("")), empty);
        assert_ne!(text::hex(&leaf_hash("{}")), text::sha256_hex(b"{}"));
    }

    #[test]
    fn a_list_is_plain_for_postgresql_and_json_for_sqlite() {
        let words = || ["a1", "b2"].into_iter();
        assert_eq!(listed(DbBackend::Postgres, words()), "a1,b2");
        assert_eq!(listed(DbBackend::Sqlite, words()), r#"["a1","b2"]"#);
    }
}
