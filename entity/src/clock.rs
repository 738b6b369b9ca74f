//! The clock: times cut to milliseconds, and ids made from the same reading as the times stored with them.

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use uuid::fmt::Hyphenated;
use uuid::{ClockSequence, Timestamp, Uuid};

/// Reads the time and numbers the ids of one process. Clones share both.
#[derive(Clone, Debug)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
    counter: Arc<IdCounter>,
}

impl Clock {
    pub fn system() -> Self {
        Self { fixed: None, counter: Arc::default() }
    }

    /// A clock that stands still until it is `set`; for tests.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(at.timestamp_millis()))), counter: Arc::default() }
    }

    /// A clock that stands still and whose ids depend on `seed` alone, for a history that must be reproducible.
    pub fn seeded(at: DateTime<Utc>, seed: u64) -> Self {
        Self { counter: Arc::new(IdCounter { next: AtomicU64::new(0), seed: Some(seed) }), ..Self::fixed(at) }
    }

    /// Sets a fixed clock; the system clock can't be set.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.timestamp_millis(), Relaxed);
        }
    }

    /// The current time, to the millisecond: the precision that both databases, the ids, the cursors and the hashes share.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.fixed {
            Some(fixed) => DateTime::from_timestamp_millis(fixed.load(Relaxed)).unwrap_or_default(),
            None => Utc::now().trunc_subsecs(3),
        }
    }

    /// A UUIDv7 with the time `at`. Ids of the same millisecond sort in the order in which they were made.
    pub fn id(&self, at: DateTime<Utc>) -> Uuid {
        if let Some(seed) = self.counter.seed {
            return self.counter.foreseeable(seed, at);
        }
        let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&*self.counter, seconds, at.timestamp_subsec_nanos()))
    }
}

/// The time inside a UUIDv7.
pub fn instant_of(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// The smallest id that a time could have: a period of time is a range of ids.
pub fn floor_id(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(u128::from(millis) << 80)
}

/// The time that an id begins with, also one that only bounds a range.
pub fn bound_at(id: Uuid) -> DateTime<Utc> {
    let millis = i64::try_from(id.as_u128() >> 80).unwrap_or_default();
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// A time in its wire format: UTC with `Z` and always three decimals.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The length of a date in its wire format.
const DATE_LENGTH: usize = "2026-11-22".len();
const DECIMALS_MAX: usize = 9;

/// The day that a text spells as RFC 3339 does (`full-date`); chrono alone also reads `2026-1-5`, `+2026-11-22` and blanks.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let is_right = |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let is_spelled = text.len() == DATE_LENGTH && text.bytes().enumerate().all(is_right);
    if is_spelled { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

/// The instant that a text spells as the contract's pattern for periods requires: RFC 3339 with `T` and `Z` in upper case and at
/// most nine decimals. chrono alone also accepts `+2026-1-5`, a space between date and time, and U+2212 as a minus sign.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.split_at_checked(DATE_LENGTH)?;
    let is_time = time.bytes().all(|byte| byte.is_ascii_digit() || b"TZ:.+-".contains(&byte));
    let decimals = time.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let is_spelled = parse_date(date).is_some() && is_time && decimals <= DECIMALS_MAX;
    if is_spelled { DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc)) } else { None }
}

/// The id that a text spells in the only form of the contract; braces, `urn:uuid:` and missing hyphens are invalid.
pub fn parse_id(text: &str) -> Option<Uuid> {
    text.parse::<Hyphenated>().ok().map(Hyphenated::into_uuid)
}

/// Counts ids consecutively, regardless of the millisecond.
///
/// We tried uuid's own `ContextV7`: it restarts in each millisecond and replaces a reading older than its last one with the later
/// time, so that under load an entry's id would no longer agree with the row it records.
#[derive(Debug)]
struct IdCounter {
    next: AtomicU64,
    /// The source of the bits after the count, if they aren't random.
    seed: Option<u64>,
}

impl IdCounter {
    const BITS: usize = 42;

    fn count(&self) -> u64 {
        self.next.fetch_add(1, Relaxed) & ((1 << Self::BITS) - 1)
    }

    /// An id with the layout of uuid's own: time, version, count, variant, count, and 32 bits that only look random.
    fn foreseeable(&self, seed: u64, at: DateTime<Utc>) -> Uuid {
        let count = self.count();
        let mixed = (seed ^ count).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let (high, low) = (count >> 30, count & ((1 << 30) - 1));
        let id = floor_id(at).as_u128() | 7 << 76 | u128::from(high) << 64 | 2 << 62;
        Uuid::from_u128(id | u128::from(low) << 32 | u128::from(mixed >> 32))
    }
}

impl Default for IdCounter {
    /// Starts at a random number in the lower half, so that two processes rarely have the same count and none ever wraps around.
    fn default() -> Self {
        Self { next: AtomicU64::new(Uuid::new_v4().as_u64_pair().1 >> (64 - Self::BITS + 1)), seed: None }
    }
}

impl ClockSequence for IdCounter {
    type Output = u64;

    fn generate_sequence(&self, _seconds: u64, _nanos: u32) -> u64 {
        self.count()
    }

    fn usable_bits(&self) -> usize {
        Self::BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_the_instant_it_was_made_from() {
        let clock = Clock::system();
        let at = clock.now();
        assert_eq!(instant_of(clock.id(at)), Some(at));
    }

    #[test]
    fn an_id_is_never_below_the_floor_of_its_instant() {
        let clock = Clock::system();
        let at = clock.now();
        assert!(clock.id(at) >= floor_id(at) && clock.id(at) < floor_id(at + chrono::TimeDelta::milliseconds(1)));
    }

    #[test]
    fn ids_of_one_millisecond_increase() {
        for clock in [Clock::fixed(Utc::now()), Clock::seeded(Utc::now(), 7)] {
            let ids: Vec<Uuid> = (0..100_000).map(|_| clock.id(clock.now())).collect();
            assert!(ids.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn a_seeded_clock_gives_the_same_ids_again() {
        let at = Clock::system().now();
        let ids = |seed| -> Vec<Uuid> {
            let clock = Clock::seeded(at, seed);
            (0..100).map(|_| clock.id(at)).collect()
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        for id in ids(1) {
            assert_eq!((instant_of(id), id.get_version_num(), id.get_variant()), (Some(at), 7, uuid::Variant::RFC4122));
        }
    }
}
