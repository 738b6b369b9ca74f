//! Who may act while whose rights end: whoever changes something holds their own rights in common until COMMIT, whoever ends
//! somebody's rights has them alone. So an act is committed before its actor's rights end, or is judged after that.
//!
//! SQLite has one writer at a time, which is all of this. On PostgreSQL these are advisory locks, taken before any row: a transaction
//! that waits for one holds nothing that another could wait for, but its own rights and the turn to end somebody's, of which there
//! is one. (Row locks were tried on paper: an account is locked late by those who edit it or assign work to it, so that they and
//! the locks of their actors would wait for each other.)

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

/// Whose turn it is to end somebody else's rights.
const TURN: i64 = 0x6361_7365_7472_6169;

/// Whose rights a transaction acts by, and whose it may end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hold {
    /// Whoever acts; nobody where the service does, or where nobody has signed in.
    pub actor: Option<Uuid>,
    /// Whose rights may end with it.
    pub over: Option<Uuid>,
}

impl Hold {
    /// Waits for the locks, first thing in the transaction.
    pub(super) async fn take<C: ConnectionTrait>(self, db: &C) -> Result<(), DbErr> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let (alone, shared) = ("pg_advisory_xact_lock", "pg_advisory_xact_lock_shared");
        let locks = match (self.actor, self.over) {
            (None, None) => return Ok(()),
            (Some(actor), None) => vec![(shared, key(actor))],
            (Some(actor), Some(over)) if actor != over => vec![(alone, TURN), (shared, key(actor)), (alone, key(over))],
            (_, Some(over)) => vec![(alone, key(over))],
        };
        let calls: Vec<String> = locks.iter().zip(1..).map(|((lock, _), place)| format!("{lock}(${place})")).collect();
        let keys = locks.into_iter().map(|(_, key)| Value::from(key));
        let sql = format!("SELECT {}", calls.join(", "));
        db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, keys)).await.map(drop)
    }
}

/// The random half of an id. Two that fell together would only wait for each other.
fn key(user_id: Uuid) -> i64 {
    user_id.as_u64_pair().1.cast_signed()
}
