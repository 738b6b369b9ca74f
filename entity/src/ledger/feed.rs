//! The sealed entries in the order of their sequence: what a consumer reads to follow the log and miss nothing.

use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

/// How many entries are read at once at most: a page of the feed, and one more that says whether there are more.
const READ_MAX: u64 = 1_001;

/// A sealed entry.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FeedEntry {
    /// From 1, without gaps.
    pub sequence: i64,
    /// SHA-256(0x00 ‖ body), the hash of a leaf as RFC 9162 has it.
    pub leaf_hash: Vec<u8>,
    pub id: Uuid,
    /// As stored.
    pub body: String,
}

/// The entries after a sequence in their order, at most `limit`, and at most 1,001.
///
/// Sequences are given after COMMIT, one batch at a time, so that none appears below one that was read before.
pub async fn after<C: ConnectionTrait>(db: &C, sequence: i64, limit: u64) -> Result<Vec<FeedEntry>, DbErr> {
    // Without gaps, the range alone is the limit. It has one more in the text of the statement, the same for all ranges: with a
    // bound one, or none, PostgreSQL would expect many rows and read the whole log for its plan.
    let through = sequence.saturating_add(i64::try_from(limit.min(READ_MAX)).unwrap_or_default());
    let sql = format!(
        "SELECT leaf.sequence, leaf.leaf_hash, entry.id, entry.body FROM ledger_leaves AS leaf \
         JOIN audit_entries AS entry ON entry.id = leaf.entry_id \
         WHERE leaf.sequence > $1 AND leaf.sequence <= $2 ORDER BY leaf.sequence LIMIT {READ_MAX}"
    );
    let values = [sequence.into(), through.into()];
    FeedEntry::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await
}

/// The greatest id of the entries that wait to be sealed.
pub async fn last_pending<C: ConnectionTrait>(db: &C) -> Result<Option<Uuid>, DbErr> {
    pending(db, "SELECT entry_id FROM audit_pending ORDER BY entry_id DESC LIMIT 1", []).await
}

/// Whether an entry whose id is at most this one waits to be sealed.
pub async fn is_pending_through<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<bool, DbErr> {
    let sql = "SELECT entry_id FROM audit_pending WHERE entry_id <= $1 LIMIT 1";
    Ok(pending(db, sql, [id.into()]).await?.is_some())
}

async fn pending<C: ConnectionTrait, const N: usize>(db: &C, sql: &str, values: [Value; N]) -> Result<Option<Uuid>, DbErr> {
    let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    row.map(|row| row.try_get("", "entry_id")).transpose()
}
