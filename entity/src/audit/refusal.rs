//! Why the door refused. Each of these is a mistake in our code, never the caller's, but for the two that say what the database did.

use super::Gap;
use crate::db;
use sea_orm::DbErr;

/// A write the door did not let through; the transaction it was tried in can only roll back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("audit: a write outside of AuditTx::save")]
    NoContext,
    #[error("audit: a write on another connection than its AuditTx")]
    OtherConnection,
    #[error("audit: {verb} on {table} bypasses the hooks")]
    Bypass { verb: &'static str, table: String },
    #[error("audit: {table} is not among those that take {verb}: Unaudited::VERBS")]
    Verb { verb: &'static str, table: String },
    #[error("audit: the door does not know the statement '{0}'")]
    Statement(String),
    #[error("audit: changed column {table}.{column} is named by no event")]
    Unnamed { table: &'static str, column: &'static str },
    #[error("audit: changed column {table}.{column} is named by more than one event")]
    NamedTwice { table: &'static str, column: &'static str },
    #[error("audit: {table}.{column} holds a value that no entry can show")]
    Unshowable { table: &'static str, column: &'static str },
    #[error("audit: {0} is append-only")]
    AppendOnly(&'static str),
    #[error("audit: {0} rows are never deleted")]
    NeverDeleted(&'static str),
    #[error("audit: two writes at once in one transaction")]
    Overlap,
    #[error("audit: a person's rights end in a transaction that does not hold them")]
    RightsNotHeld,
    #[error("audit: the transaction failed before and is rolled back")]
    Broken,
    #[error("audit: an entry could not be written as canonical JSON")]
    Body,
    #[error("audit: an entry could not be written: {0}")]
    Unwritten(String),
    #[error("audit: whether it was committed is unknown")]
    CommitUnknown,
    #[error("audit: {action} has no '{key}' in its metadata")]
    Metadata { action: &'static str, key: &'static str },
    #[error("audit: the entries do not tell the rows: {0}")]
    Untrue(#[from] Box<Gap>),
    #[error("audit: rows of {0} to change together were not locked, or stand twice")]
    Unlocked(&'static str),
    #[error("audit: a new row without a value for {table}.{column}")]
    Incomplete { table: &'static str, column: &'static str },
}

impl From<Refusal> for DbErr {
    fn from(refusal: Refusal) -> Self {
        // sea-orm's hooks can return nothing else.
        DbErr::Custom(refusal.to_string())
    }
}

impl Refusal {
    /// Why an entry could not be inserted. A database that can write nothing at the moment says so itself.
    pub(super) fn unwritten(error: DbErr) -> DbErr {
        if db::is_unavailable(&error) { error } else { Self::Unwritten(error.to_string()).into() }
    }

    /// Whether an error is one of these at all.
    pub fn is_refusal(error: &DbErr) -> bool {
        matches!(error, DbErr::Custom(text) if text.starts_with("audit: "))
    }

    /// Whether an error says that nobody knows whether the transaction was committed.
    pub fn is_commit_unknown(error: &DbErr) -> bool {
        matches!(error, DbErr::Custom(text) if *text == Self::CommitUnknown.to_string())
    }

    /// Whether an error says that the trail itself could not be written: nothing changed, and it is nobody's mistake.
    pub fn is_unwritten(error: &DbErr) -> bool {
        matches!(error, DbErr::Custom(text) if text.starts_with("audit: an entry could not be written: "))
    }
}
