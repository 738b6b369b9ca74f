//! Random numbers: every value is derived from the seed and is the same on every machine.

use chrono::TimeDelta;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Zipf};

/// How steeply activity differs between actors.
const ZIPF_EXPONENT: f64 = 1.1;

/// The part of the history a generator belongs to, so that the values of one part don't affect another.
#[derive(Clone, Copy, Debug)]
pub(super) enum HistoryPart {
    People,
    Plots,
    Cases,
    Jobs,
    Visits,
    /// What happens around a case: documents, notes, alerts.
    Around,
    Allowances,
    Settings,
}

impl HistoryPart {
    /// The first of its streams of numbers; a stream's lower bits count the items.
    const fn stream(self) -> u64 {
        let part: u64 = match self {
            Self::People => 1,
            Self::Plots => 2,
            Self::Cases => 3,
            Self::Jobs => 4,
            Self::Visits => 5,
            Self::Around => 6,
            Self::Allowances => 7,
            Self::Settings => 8,
        };
        part << 56
    }
}

#[derive(Clone, Debug)]
pub(super) struct DemoRng(ChaCha8Rng);

impl DemoRng {
    /// The generator for the `number`-th item of a part.
    pub fn new(seed: u64, part: HistoryPart, number: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(part.stream() | number);
        Self(rng)
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// From 0 (inclusive) to 1 (exclusive).
    pub fn part(&mut self) -> f64 {
        self.0.random()
    }

    /// Both bounds inclusive.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { items.get(self.0.random_range(0..items.len())) }
    }

    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.pick(words).copied().unwrap_or_default()
    }

    /// One of several items with different weights.
    pub fn weighed<T: Copy>(&mut self, items: &[(T, u32)]) -> Option<T> {
        let total: u32 = items.iter().map(|(_, weight)| weight).sum();
        let mut rest = self.0.random_range(0..total.max(1));
        for (item, weight) in items {
            match rest.checked_sub(*weight) {
                Some(less) => rest = less,
                None => return Some(*item),
            }
        }
        None
    }

    /// One of a list ordered by rank: the first is chosen most often, the others less and less.
    pub fn ranked<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let size = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let rank = Zipf::new(f64::from(size.max(1)), ZIPF_EXPONENT).map_or(1.0, |zipf| zipf.sample(&mut self.0));
        items.get(usize::try_from(whole(rank).saturating_sub(1)).unwrap_or_default())
    }

    /// A log-normally distributed duration.
    pub fn days(&mut self, median: f64, sigma: f64) -> f64 {
        LogNormal::new(median.ln(), sigma).map_or(median, |days| days.sample(&mut self.0))
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }

    /// `count` items in the given shares, exact to one, in random order.
    pub fn shared<T: Copy>(&mut self, count: usize, shares: &[(T, usize)]) -> Vec<T> {
        let total: usize = shares.iter().map(|(_, share)| share).sum();
        let mut things = Vec::with_capacity(count);
        let mut reached = 0;
        for (thing, share) in shares {
            reached += share;
            let upto = (count * reached + total / 2) / total.max(1);
            things.resize(upto.max(things.len()), *thing);
        }
        self.shuffle(&mut things);
        things
    }
}

/// A number of days as a duration, in milliseconds.
pub(super) fn days(days: f64) -> TimeDelta {
    TimeDelta::milliseconds(whole(days * 86_400_000.0))
}

/// The nearest whole number. Durations and ranks here are far below the limit up to which `f64` is exact.
#[expect(clippy::as_conversions, reason = "it saturates; there is no other conversion from one to the other")]
pub(super) fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// A count as a float. Counts here are far below `u32::MAX`.
pub(super) fn float(count: impl TryInto<u32>) -> f64 {
    f64::from(count.try_into().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let throw = |seed, number| {
            let mut rng = DemoRng::new(seed, HistoryPart::Cases, number);
            (0..20).map(|_| rng.between(0, 1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(throw(1, 1), throw(1, 1));
        assert_ne!(throw(1, 1), throw(1, 2));
        assert_ne!(throw(1, 1), throw(2, 1));
    }

    #[test]
    fn shares_are_exact() {
        let things = DemoRng::new(1, HistoryPart::Plots, 0).shared(400, &[("a", 50), ("b", 35), ("c", 15)]);
        let count = |name| things.iter().filter(|thing| **thing == name).count();
        assert_eq!((things.len(), count("a"), count("b"), count("c")), (400, 200, 140, 60));
    }

    #[test]
    fn the_first_rank_is_chosen_most_often() {
        let mut rng = DemoRng::new(1, HistoryPart::Visits, 0);
        let ranks: Vec<usize> = (1..=100).collect();
        let mut counts = [0; 101];
        for _ in 0..10_000 {
            counts[*rng.ranked(&ranks).unwrap()] += 1;
        }
        assert!(counts[1] > counts[2] && counts[2] > counts[5] && counts[5] > counts[50]);
    }
}
