//! How far the sealer has come: how many entries are pending, and for how long.

use crate::clock;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

/// The greatest number of pending entries that is counted.
pub const PENDING_MAX: i64 = 100_000;

/// How far the sealer has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Progress {
    /// Entries that are committed and not sealed yet, at most `PENDING_MAX`; entries from before the ledger are not counted.
    pub pending: i64,
    /// The oldest of them.
    pub oldest: Option<Uuid>,
    /// The sequence of the last sealed entry; 0 before the first one.
    pub last_sequence: i64,
    /// Whether all entries from before the ledger are sealed.
    pub history_done: bool,
}

impl Progress {
    /// The age of the oldest pending entry; zero if there is none.
    pub fn lag(&self, now: DateTime<Utc>) -> TimeDelta {
        let since = self.oldest.and_then(clock::instant_of);
        since.map_or(TimeDelta::zero(), |since| (now - since).max(TimeDelta::zero()))
    }
}

/// The progress, in one statement whose cost does not grow with the log.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn progress<C: ConnectionTrait>(db: &C) -> Result<Progress, DbErr> {
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM (SELECT entry_id FROM audit_pending LIMIT {PENDING_MAX}) AS counted) AS pending, \
         (SELECT entry_id FROM audit_pending ORDER BY entry_id LIMIT 1) AS oldest, \
         COALESCE((SELECT MAX(sequence) FROM ledger_leaves), 0) AS last_sequence, history_done FROM ledger_state"
    );
    let progress = Progress::find_by_statement(Statement::from_string(db.get_database_backend(), sql));
    progress.one(db).await?.ok_or_else(|| DbErr::RecordNotFound("ledger_state".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_the_age_of_the_oldest_pending_entry_and_never_negative() {
        let now: DateTime<Utc> = "2026-12-01T15:00:00Z".parse().unwrap();
        let oldest = |seconds| Some(clock::Clock::system().id(now - TimeDelta::seconds(seconds)));
        for (oldest, seconds) in [(None, 0), (oldest(0), 0), (oldest(7), 7), (oldest(-7), 0)] {
            let progress = Progress { oldest, ..Progress::default() };
            assert_eq!(progress.lag(now), TimeDelta::seconds(seconds));
        }
    }
}
