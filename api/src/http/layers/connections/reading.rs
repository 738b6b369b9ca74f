//! How a client reads the responses on its connection: one that falls behind may lose the connection to another client, and one
//! that stays behind loses it.

use super::QueuePosition;
use crate::http::answer::pace::time_for;
use std::time::Duration;
use tokio::time::Instant;

/// How long a client may read nothing, or be behind the minimum rate, until its connection may be evicted.
const STALLED: Duration = Duration::from_secs(1);

/// The reading of a response, or of several that were requested at once.
#[derive(Debug, Default)]
pub struct Reading {
    /// How many requests have begun.
    begun: u64,
    /// How long writes waited for the client.
    waited: Duration,
    /// What was written since the first wait. What the kernel takes before that says nothing about the client.
    bytes: u64,
    /// Since when a write has been waiting.
    since: Option<Instant>,
    /// Where the connection stands among those that may be evicted, from the first time on.
    pub position: Option<QueuePosition>,
}

/// When a write that is waiting has consequences for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The connection may be evicted.
    pub stalled_at: Instant,
    /// The connection is closed.
    pub due: Instant,
}

impl Reading {
    /// Judges another response on its own, unless a part of the previous one is still waiting.
    pub fn begin(&mut self, begun: u64) {
        if begun != self.begun && self.since.is_none() {
            *self = Self::default();
        }
        self.begun = begun;
    }

    /// Whether a part of a response has been written and the next one is waiting.
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// Bytes were written. Returns the connection's position if the client was waited for so long that it has one.
    pub fn progress(&mut self, bytes: usize, now: Instant) -> Option<QueuePosition> {
        let since = self.since.take();
        self.waited += since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if !self.waited.is_zero() {
            self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        self.position.filter(|_| since.is_some())
    }

    /// A write has to wait, for this long at most.
    pub fn wait(&mut self, patience: Duration, now: Instant) -> Wait {
        let since = *self.since.get_or_insert(now);
        let at = |patience: Duration| since + (patience + time_for(self.bytes)).saturating_sub(self.waited).min(patience);
        Wait { stalled_at: at(STALLED), due: at(patience) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// For how long a client is served that reads this much at a time, after so many seconds; at most a thousand times.
    fn served((bytes, pause): (usize, u64)) -> Option<Duration> {
        let begun = Instant::now();
        let (mut reading, mut now) = (Reading::default(), begun);
        reading.begin(1);
        assert_eq!(reading.progress(1 << 20, now), None);
        for _ in 0..1_000 {
            let (wait, read_at) = (reading.wait(PATIENCE, now), now + Duration::from_secs(pause));
            if wait.due <= read_at {
                return Some(wait.due - begun);
            }
            now = read_at;
            reading.progress(bytes, now);
        }
        None
    }

    #[test]
    fn a_client_that_reads_too_slowly_is_served_no_longer_than_its_bytes_allow() {
        for (client, expected) in
            [((1_024, 9), Some(10)), ((1, 9), Some(10)), ((65_536, 2), Some(18)), ((65_536, 1), None), ((600_000, 9), None)]
        {
            assert_eq!(served(client).map(|time| time.as_secs()), expected, "{client:?}");
        }
    }

    #[test]
    fn a_connection_may_be_evicted_after_a_second_without_progress_or_behind_the_minimum_rate() {
        let (mut reading, begun) = (Reading::default(), Instant::now());
        let seconds = |seconds| begun + Duration::from_secs(seconds);
        reading.begin(1);
        assert_eq!(reading.wait(PATIENCE, begun), Wait { stalled_at: seconds(1), due: seconds(10) });
        reading.progress(1, seconds(4));
        assert_eq!(reading.wait(PATIENCE, seconds(5)).stalled_at, seconds(5), "it is three seconds behind");
        reading.progress(65_536 * 9, seconds(6));
        assert_eq!(reading.wait(PATIENCE, seconds(6)).stalled_at, seconds(7));
    }

    #[test]
    fn a_response_is_judged_by_the_wait_for_the_previous_one_only_if_that_one_is_not_read() {
        let (mut reading, begun) = (Reading::default(), Instant::now());
        let seconds = |seconds| begun + Duration::from_secs(seconds);
        reading.begin(1);
        reading.wait(PATIENCE, begun);
        // Another request was sent without waiting for the response to the first one.
        reading.begin(2);
        reading.progress(1_000, seconds(8));
        assert!(reading.wait(PATIENCE, seconds(8)).due < seconds(11));
        reading.progress(1_000, seconds(9));
        reading.begin(3);
        assert_eq!(reading.wait(PATIENCE, seconds(9)).due, seconds(19));
    }
}
