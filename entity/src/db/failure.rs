//! Classifies failed statements: whether the same request may succeed later, and whether the connection is the cause.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

/// SQLite's primary result codes that no request is the cause of: busy, locked, out of memory, read-only, I/O error, corrupt,
/// full, cannot open, locking protocol, not a database.
const SQLITE_UNAVAILABLE: [i32; 10] = [5, 6, 7, 8, 10, 11, 13, 14, 15, 26];
/// The same for PostgreSQL: lock not available, deadlock, serialization, idle transaction ended, read-only, corrupt.
const POSTGRES_UNAVAILABLE: [&str; 8] = ["55P03", "40P01", "40001", "25P03", "25P04", "25006", "XX001", "XX002"];
/// And its classes: connection, resources (disk full, out of memory, too many connections), operator (shutdown, start-up,
/// timeouts), system (I/O errors).
const POSTGRES_UNAVAILABLE_CLASSES: [&str; 4] = ["08", "53", "57", "58"];

/// Whether the database is currently unable to work, regardless of the request: nothing was changed, and the request may be
/// retried.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        // Without a connection nothing was done, whatever the server's reason: on a full disk PostgreSQL reports an internal
        // error.
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        // An error that the database did not report is one of the connection.
        _ => cause(error).is_some_and(|cause| cause.as_database_error().is_none_or(is_unavailable_code)),
    }
}

/// The same for a statement of a transaction: none that follows may rely on the connection.
pub(super) fn is_unusable(error: &sqlx::Error) -> bool {
    error.as_database_error().is_none_or(is_unavailable_code)
}

fn is_unavailable_code(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    let is_failing = match error.try_downcast_ref::<SqliteError>() {
        // Extended codes contain the primary one in their lowest byte.
        Some(_) => code.parse::<i32>().is_ok_and(|code| SQLITE_UNAVAILABLE.contains(&(code & 0xff))),
        None => {
            POSTGRES_UNAVAILABLE.contains(&code.as_ref())
                || POSTGRES_UNAVAILABLE_CLASSES.iter().any(|class| code.starts_with(class))
        }
    };
    is_failing || lacks_log(error)
}

/// Whether SQLite's triggers miss the table of the entries, before one is written. PostgreSQL's miss it when one is.
fn lacks_log(error: &dyn DatabaseError) -> bool {
    error.try_downcast_ref::<SqliteError>().is_some() && error.message() == "no such table: main.audit_entries"
}

/// Whether a statement failed because it waited too long for a lock (PostgreSQL's `lock_not_available`).
pub fn is_lock_timeout(error: &DbErr) -> bool {
    let Some(cause) = cause(error).and_then(|cause| cause.as_database_error()) else { return false };
    cause.code().is_some_and(|code| code == "55P03")
}

/// Whether a PostgreSQL server's disk is full (`disk_full`).
pub fn is_disk_full(error: &DbErr) -> bool {
    let Some(cause) = cause(error).and_then(|cause| cause.as_database_error()) else { return false };
    cause.try_downcast_ref::<SqliteError>().is_none() && cause.code().is_some_and(|code| code == "53100")
}

/// Whether an error comes from the connection and is not the database's answer: the result of the statement is unknown.
pub(crate) fn is_lost(error: &DbErr) -> bool {
    let Some(cause) = cause(error) else { return matches!(error, DbErr::Conn(_)) };
    match cause.as_database_error().map(|error| error.code().unwrap_or_default()) {
        // Connection exceptions; PostgreSQL was shut down, or crashed.
        Some(code) => code.starts_with("08") || ["57P01", "57P02"].contains(&code.as_ref()),
        None => true,
    }
}

/// Whether the sync of a COMMIT failed on SQLite (`SQLITE_IOERR_FSYNC`, `SQLITE_IOERR_DIR_FSYNC`), so that its result is unknown:
/// it is written, and counts after a crash unless the next COMMIT overwrites it.
pub(crate) fn is_unsynced(error: &DbErr) -> bool {
    let Some(answer) = cause(error).and_then(|cause| cause.as_database_error()) else { return false };
    let code = answer.code().unwrap_or_default();
    answer.try_downcast_ref::<SqliteError>().is_some() && ["1034", "1290"].contains(&code.as_ref())
}

/// Whether BEGIN failed because of the connection, so that another connection may succeed: it is lost, or still inside another
/// transaction.
pub(super) fn is_stale(error: &sqlx::Error) -> bool {
    let Some(answer) = error.as_database_error() else { return true };
    let code = answer.code().unwrap_or_default();
    match answer.try_downcast_ref::<SqliteError>() {
        Some(_) => code == "1" && answer.message().contains("within a transaction"),
        // Active SQL transaction; shut down, or crashed.
        None => ["25001", "25P02", "57P01", "57P02"].contains(&code.as_ref()) || code.starts_with("08"),
    }
}

/// Whether BEGIN failed because a PostgreSQL server in recovery starts no read-write transaction (`feature_not_supported`).
pub(super) fn is_standby(error: &sqlx::Error) -> bool {
    let Some(answer) = error.as_database_error() else { return false };
    answer.try_downcast_ref::<SqliteError>().is_none() && answer.code().is_some_and(|code| code == "0A000")
}

fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}
