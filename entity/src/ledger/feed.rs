//! The sealed entries in the order of their sequence: what a consumer reads to follow the log and miss nothing.

use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

/// How many entries a page has at most.
const ENTRIES_MAX: u64 = 1_000;
/// How many bytes the bodies of a page have together, unless it has one entry only.
pub const PAGE_BYTES_MAX: u64 = 1 << 20;

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

/// Entries of a page of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPage {
    pub entries: Vec<FeedEntry>,
    /// Whether there are more entries after these.
    pub has_more: bool,
}

/// The entries after a sequence in their order: at most `limit`, at most 1,000, and of those only as many as have bodies of 1 MiB
/// together, but at least one.
///
/// Sequences are given after COMMIT, one batch at a time, so that none appears below one that was read before.
pub async fn after<C: ConnectionTrait>(db: &C, sequence: i64, limit: u64) -> Result<FeedPage, DbErr> {
    let limit = usize::try_from(limit.min(ENTRIES_MAX)).unwrap_or_default();
    // One more than requested shows whether there are more.
    let through = sequence.saturating_add(i64::try_from(limit).unwrap_or_default()).saturating_add(1);
    let backend = db.get_database_backend();
    let values = [sequence.into(), through.into(), sequence.saturating_add(2).into()];
    let rows = Row::find_by_statement(Statement::from_sql_and_values(backend, statement(), values)).all(db).await?;
    let rows_count = rows.len();
    let fits = |(place, row): &(usize, Row)| *place == 0 || u64::try_from(row.bytes).is_ok_and(|bytes| bytes <= PAGE_BYTES_MAX);
    let entries: Vec<FeedEntry> = rows.into_iter().take(limit).enumerate().take_while(fits).map(|(_, row)| row.entry).collect();
    Ok(FeedPage { has_more: entries.len() < rows_count, entries })
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    entry: FeedEntry,
    /// Of the bodies up to this one, with it.
    bytes: i64,
}

/// Reads the entries of a page, and the one after them. Without gaps, the range alone is the limit. It has one more in the text
/// of the statement, the same for all ranges: with a bound one, or none, PostgreSQL would expect many rows and read the whole log
/// for its plan.
///
/// Bodies are added up by the database, so that of a page only what it returns is sent here. The second entry is read even if the
/// first one is longer than a page may be.
fn statement() -> String {
    let most = ENTRIES_MAX + 1;
    format!(
        "SELECT page.sequence, page.leaf_hash, page.id, page.body, page.bytes FROM (\
         SELECT leaf.sequence, leaf.leaf_hash, entry.id, entry.body, octet_length(entry.body) AS own_bytes, \
         CAST(SUM(octet_length(entry.body)) OVER (ORDER BY leaf.sequence) AS BIGINT) AS bytes \
         FROM ledger_leaves AS leaf JOIN audit_entries AS entry ON entry.id = leaf.entry_id \
         WHERE leaf.sequence > $1 AND leaf.sequence <= $2 ORDER BY leaf.sequence LIMIT {most}) AS page \
         WHERE page.bytes - page.own_bytes <= {PAGE_BYTES_MAX} OR page.sequence <= $3 ORDER BY page.sequence"
    )
}

/// The last sequence; 0 if nothing is sealed.
pub async fn last_sequence<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let sql = "SELECT COALESCE(MAX(sequence), 0) AS last_sequence FROM ledger_leaves";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "last_sequence"))
}
