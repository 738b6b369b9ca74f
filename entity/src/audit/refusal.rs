//! Why a write was refused: each of these is a bug in our code and never the caller's fault, except the two that report what the
//! database did.

use super::Gap;
use crate::db;
use sea_orm::DbErr;

/// A write that was not allowed; the transaction it was attempted in can only roll back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("audit: a write outside of AuditTx::save")]
    NoContext,
    #[error("audit: a write on another connection than its AuditTx")]
    OtherConnection,
    #[error("audit: {verb} on {table} bypasses the hooks")]
    Bypass { verb: &'static str, table: String },
    #[error("audit: {verb} is not allowed on {table}: see Unaudited::VERBS")]
    Verb { verb: &'static str, table: String },
    #[error("audit: unknown kind of statement: '{0}'")]
    Statement(String),
    #[error("audit: changed column {table}.{column} is covered by no event")]
    Unnamed { table: &'static str, column: &'static str },
    #[error("audit: changed column {table}.{column} is covered by more than one event")]
    NamedTwice { table: &'static str, column: &'static str },
    #[error("audit: {table}.{column} holds a value that cannot be shown in an entry")]
    Unshowable { table: &'static str, column: &'static str },
    #[error("audit: {0} is append-only")]
    AppendOnly(&'static str),
    #[error("audit: {0} rows are never deleted")]
    NeverDeleted(&'static str),
    #[error("audit: the effects of a change were not carried out")]
    EffectLeft,
    #[error("audit: two writes at once in one transaction")]
    Overlap,
    #[error("audit: revoking a user's rights requires a transaction that holds them exclusively")]
    RightsNotHeld,
    #[error("audit: the transaction has already failed and is rolled back")]
    Broken,
    #[error("audit: an entry could not be written as canonical JSON")]
    Body,
    #[error("audit: an entry could not be written: {0}")]
    Unwritten(String),
    #[error("audit: unknown whether the transaction was committed")]
    CommitUnknown,
    #[error("audit: {action} has a wrong '{key}' in its metadata, or none")]
    Metadata { action: &'static str, key: String },
    #[error("audit: the entries do not match the rows: {0}")]
    Untrue(#[from] Box<Gap>),
    #[error("audit: rows of {0} to change together were not locked, or occur twice")]
    Unlocked(&'static str),
    #[error("audit: a new row has no value for {table}.{column}")]
    Incomplete { table: &'static str, column: &'static str },
}

impl From<Refusal> for DbErr {
    fn from(refusal: Refusal) -> Self {
        // sea-orm's hooks can't return any other error type.
        DbErr::Custom(refusal.to_string())
    }
}

impl Refusal {
    /// Why an entry could not be inserted. A database that currently can't write at all reports so itself.
    pub(super) fn unwritten(error: DbErr) -> DbErr {
        if db::is_unavailable(&error) { error } else { Self::Unwritten(error.to_string()).into() }
    }

    /// Whether an error is a refusal.
    pub fn is_refusal(error: &DbErr) -> bool {
        matches!(error, DbErr::Custom(text) if text.starts_with("audit: "))
    }

    /// Whether an error means that it is unknown whether the transaction was committed.
    pub fn is_commit_unknown(error: &DbErr) -> bool {
        matches!(error, DbErr::Custom(text) if *text == Self::CommitUnknown.to_string())
    }

    /// Whether an error means that the audit entry could not be written: nothing changed, and no one is at fault.
    pub fn is_unwritten(error: &DbErr) -> bool {
        matches!(error, DbErr::Custom(text) if text.starts_with("audit: an entry could not be written: "))
    }
}
