//! Locks on users' rights: a transaction that changes something holds its actor's rights shared until COMMIT, and a transaction
//! that ends a user's rights holds them exclusively, so that an action is committed before its actor's rights end or is judged
//! after that.
//!
//! SQLite has one writer at a time, which is all that is needed. On PostgreSQL these are advisory locks, taken before any row and
//! in the order of their keys: a transaction that waits for one holds no row and no greater key, so that no two transactions wait
//! for each other. (A single lock taken by all transactions was tried: it is safe too, but then a transaction that ends rights
//! waits for all transactions before it, whomever they concern. Row locks were tried on paper: transactions that edit an account
//! or assign work to it lock its row late, so that they and the locks of their actors would wait for each other.)

use crate::db::{Db, WriteTransaction};
use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use uuid::Uuid;

/// What an actor's rights are determined by: a credential.
pub trait RightsSource: Sync {
    /// The result: whether the actor has any rights now, and which.
    type Admission: Send;

    /// Determines the rights as they are now, inside the transaction that holds them.
    fn read(&self, db: &WriteTransaction, now: DateTime<Utc>) -> impl Future<Output = Result<Self::Admission, DbErr>> + Send;
}

/// The user whose rights a transaction acts with, and the user whose rights it may end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeldRights {
    /// The actor; `None` if the service itself acts, or if no one has signed in.
    pub actor: Option<Uuid>,
    /// The user whose rights may end with the transaction.
    pub over: Option<Uuid>,
}

impl HeldRights {
    /// Begins a transaction that waits for the locks before anything else, in the same round trip.
    pub(super) async fn begin(self, db: &Db) -> Result<WriteTransaction, DbErr> {
        db.begin_holding(self.statement().as_deref()).await
    }

    /// The same for a transaction that takes long.
    pub(super) async fn begin_unshared(self, db: &Db) -> Result<WriteTransaction, DbErr> {
        db.begin_unshared(self.statement().as_deref()).await
    }

    /// The statement that takes the locks. PostgreSQL evaluates a list from left to right.
    fn statement(self) -> Option<String> {
        let calls: Vec<String> = self.locks().iter().map(|lock| format!("{}('{}'::bigint)", lock.function(), lock.key)).collect();
        (!calls.is_empty()).then(|| format!("SELECT {}", calls.join(", ")))
    }

    /// Sorted by key, at most one per key: a shared lock can't be upgraded without waiting for other transactions that do the
    /// same.
    fn locks(self) -> Vec<Lock> {
        let lock = |user_id, is_exclusive| Lock { key: key(user_id), is_exclusive };
        let over = self.over.map(|over| lock(over, true));
        let actor = self.actor.map(|actor| lock(actor, false)).filter(|actor| over.is_none_or(|over| over.key != actor.key));
        let mut locks: Vec<Lock> = actor.into_iter().chain(over).collect();
        locks.sort_unstable_by_key(|lock| lock.key);
        locks
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lock {
    key: i64,
    /// Whether the lock is exclusive.
    is_exclusive: bool,
}

impl Lock {
    fn function(self) -> &'static str {
        if self.is_exclusive { "pg_advisory_xact_lock" } else { "pg_advisory_xact_lock_shared" }
    }
}

/// The random half of an id. If two collided, their transactions would only wait for each other.
fn key(user_id: Uuid) -> i64 {
    user_id.as_u64_pair().1.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_taken_in_the_order_of_their_keys() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let locks =
            |actor, over| HeldRights { actor, over }.locks().iter().map(|lock| (lock.key, lock.is_exclusive)).collect::<Vec<_>>();
        assert_eq!(locks(Some(one), Some(two)), [(1, false), (2, true)]);
        assert_eq!(locks(Some(two), Some(one)), [(1, true), (2, false)]);
        assert_eq!(locks(Some(one), Some(one)), [(1, true)]);
        assert_eq!(locks(Some(two), None), [(2, false)]);
        assert_eq!(locks(None, Some(two)), [(2, true)]);
        assert_eq!(locks(None, None), []);
    }

    #[test]
    fn all_locks_are_taken_by_one_statement() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(u64::MAX.into()));
        let statement = |actor, over| HeldRights { actor, over }.statement();
        let both = "SELECT pg_advisory_xact_lock('-1'::bigint), pg_advisory_xact_lock_shared('1'::bigint)";
        assert_eq!(statement(Some(one), Some(two)).as_deref(), Some(both));
        assert_eq!(statement(Some(one), None).as_deref(), Some("SELECT pg_advisory_xact_lock_shared('1'::bigint)"));
        assert_eq!(statement(None, None), None);
    }
}
