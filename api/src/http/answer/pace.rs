//! The speed of the client, excluding the service's own processing time: short pauses are allowed, but a slow client would block
//! a database connection, or an upload slot, for others.

use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long the client may be silent, and how long it may be slower than the minimum rate.
const PATIENCE: Duration = Duration::from_secs(10);
pub const BYTES_A_SECOND_MIN: u64 = 64 * 1024;

/// How long the client was waited for, and for how many bytes.
#[derive(Debug, Default)]
pub struct Pace {
    waited: Duration,
    bytes: u64,
}

/// The client is slower than the minimum rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSlow;

impl Pace {
    /// Waits for the next item, whatever its size.
    pub async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, TooSlow> {
        self.wait_for(PATIENCE, next).await
    }

    /// Records the bytes that have arrived.
    pub fn note(&mut self, bytes: usize) -> Result<(), TooSlow> {
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.left().is_some() { Ok(()) } else { Err(TooSlow) }
    }

    /// Waits until the bytes were taken. A client that was fast so far must not pause for longer because of it.
    pub async fn hand_over<T>(&mut self, bytes: usize, taken: impl Future<Output = T>) -> Result<T, TooSlow> {
        self.note(bytes)?;
        let most = PATIENCE + time_for(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.wait_for(self.left().unwrap_or_default().min(most), taken).await
    }

    async fn wait_for<T>(&mut self, most: Duration, next: impl Future<Output = T>) -> Result<T, TooSlow> {
        let began = Instant::now();
        let next = timeout(most, next).await;
        self.waited += began.elapsed();
        next.map_err(|_| TooSlow)
    }

    /// How much longer the client may take for what has been transferred so far.
    fn left(&self) -> Option<Duration> {
        (PATIENCE + Duration::from_secs(1) + time_for(self.bytes)).checked_sub(self.waited)
    }
}

/// How long these bytes take at the minimum rate.
pub fn time_for(bytes: u64) -> Duration {
    Duration::from_secs(bytes / BYTES_A_SECOND_MIN)
        + Duration::from_micros(bytes % BYTES_A_SECOND_MIN * 1_000_000 / BYTES_A_SECOND_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_pause_briefly_but_not_be_too_slow() {
        let keeps = |seconds, bytes| Pace { waited: Duration::from_secs(seconds), bytes }.note(0).is_ok();
        assert!(keeps(10, 0) && keeps(12, 65_536) && keeps(60, 50 * 65_536));
        assert!(!keeps(12, 65_535) && !keeps(62, 50 * 65_536));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_receives_nothing_times_out() {
        let mut pace = Pace::default();
        assert_eq!(pace.hand_over(65_536, async {}).await, Ok(()));
        assert_eq!(pace.hand_over(usize::MAX / 2, async {}).await, Ok(()));
        let begun = Instant::now();
        assert_eq!(pace.hand_over(0, std::future::pending::<()>()).await, Err(TooSlow));
        assert_eq!(begun.elapsed(), PATIENCE, "however much it had taken before");
    }
}
