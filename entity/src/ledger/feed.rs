//! The sealed entries in the order of their sequence: what a consumer reads to follow the log and miss nothing.

use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

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

/// The last sequence; 0 if nothing is sealed.
pub async fn last_sequence<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let sql = "SELECT COALESCE(MAX(sequence), 0) AS last_sequence FROM ledger_leaves";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "last_sequence"))
}
