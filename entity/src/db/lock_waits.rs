//! How long PostgreSQL may wait for locks in a transaction: its own limit is one for each lock, so that a transaction that needs
//! several, one after the other, would wait several times as long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// However long a transaction has taken, it is not refused for a lock that is about to be released.
const MIN: Duration = Duration::from_millis(100);
/// In milliseconds: a limit that is less shorter than this is not worth a statement.
const NOTICEABLE: u64 = 50;

/// What is left for waits in a transaction. Those of one statement that needs several locks add up all the same, until the limit
/// of each statement.
pub(super) struct LockWaits {
    begun_at: Instant,
    patience: Duration,
    /// In milliseconds: the current `lock_timeout`.
    limit: AtomicU64,
    /// It takes long by itself: once it has begun, each lock may be waited for as long as the first.
    is_long: bool,
}

impl LockWaits {
    pub(super) fn new(begun_at: Instant, patience: Duration, is_long: bool) -> Self {
        Self { begun_at, patience, limit: AtomicU64::new(milliseconds(patience)), is_long }
    }

    /// The limit in milliseconds that BEGIN sets: the longer it waited for a connection, the shorter it waits for locks.
    pub(super) fn at_begin(&self) -> Option<u64> {
        let left = waits_max(self.patience).saturating_sub(self.begun_at.elapsed()).clamp(MIN.min(self.patience), self.patience);
        let (left, limit) = (milliseconds(left), self.limit.load(Ordering::Relaxed));
        (left + NOTICEABLE < limit).then(|| self.set(left))
    }

    /// The limit for the next statement, if it is another than for the last one.
    pub(super) fn changed(&self) -> Option<u64> {
        if !self.is_long {
            return self.at_begin();
        }
        let whole = milliseconds(self.patience);
        (self.limit.load(Ordering::Relaxed) < whole).then(|| self.set(whole))
    }

    fn set(&self, limit: u64) -> u64 {
        self.limit.store(limit, Ordering::Relaxed);
        limit
    }
}

/// How long a transaction may wait for its connection and locks together.
pub(super) fn waits_max(patience: Duration) -> Duration {
    patience * 5 / 4
}

/// The statement that limits waits for a lock, in milliseconds, until the transaction ends.
pub(super) fn set_lock_timeout(limit: u64) -> String {
    format!("SET LOCAL lock_timeout = '{limit}ms'")
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// The waits of a transaction that began this many milliseconds ago.
    fn begun(age: u64, is_long: bool) -> LockWaits {
        LockWaits::new(Instant::now().checked_sub(Duration::from_millis(age)).unwrap(), PATIENCE, is_long)
    }

    #[test]
    fn the_older_a_transaction_the_less_it_waits() {
        assert_eq!([begun(0, false).changed(), begun(240, false).changed()], [None, None]);
        let limit = begun(650, false).changed().unwrap();
        assert!((500..=600).contains(&limit), "{limit}");
        let old = begun(5_000, false);
        assert_eq!([old.changed(), old.changed()], [Some(100), None], "not below a tenth of a second, and set once");
    }

    #[test]
    fn a_long_transaction_begins_as_promptly_and_then_waits_for_each_lock() {
        let long = begun(5_000, true);
        assert_eq!([long.at_begin(), long.changed(), long.changed()], [Some(100), Some(1_000), None]);
        assert_eq!([begun(0, true).at_begin(), begun(5_000, true).changed()], [None, None]);
    }
}
