//! Percentages with one decimal, half up, computed from integers so that no binary fraction decides how a half is rounded.

use serde::{Serialize, Serializer};

/// A percentage, in tenths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(i64);

impl Percent {
    /// The share of a part in a whole; `None` if the whole is zero.
    pub fn new(part: i64, whole: i64) -> Option<Self> {
        rounded(i128::from(part) * 1_000, whole.into()).map(Self)
    }

    /// The same, but 0.0 if the whole is zero.
    pub fn share(part: i64, whole: i64) -> Self {
        Self::new(part, whole).unwrap_or_default()
    }

    /// As a number on the wire.
    #[expect(clippy::as_conversions, reason = "tenths of a percent stay far below 2^53: exact")]
    pub fn number(self) -> f64 {
        self.0 as f64 / 10.0
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.number())
    }
}

/// The average of a number of seconds, in hours with two decimals; `None` if the count is zero.
#[expect(clippy::as_conversions, reason = "hundredths of an hour stay far below 2^53: exact")]
pub(super) fn average_hours(seconds: i64, count: i64) -> Option<f64> {
    rounded(i128::from(seconds) * 100, i128::from(count) * 3_600).map(|hundredths| hundredths as f64 / 100.0)
}

/// A quotient rounded to the nearest integer, halves away from zero.
fn rounded(dividend: i128, divisor: i128) -> Option<i64> {
    let magnitude = (2 * dividend.abs() + divisor).checked_div(2 * divisor)?;
    i64::try_from(magnitude * dividend.signum()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        for (part, whole, percent) in [(1, 3, 33.3), (2, 3, 66.7), (1, 2000, 0.1), (1, 2001, 0.0), (5, 5, 100.0), (1, 16, 6.3)] {
            assert_eq!(Percent::share(part, whole).number(), percent, "{part} of {whole}");
        }
        assert_eq!(Percent::new(-1, 3).map(Percent::number), Some(-33.3));
    }

    #[test]
    fn without_a_total_the_rate_is_absent_and_the_share_is_zero() {
        assert_eq!((Percent::new(0, 0), Percent::share(0, 0).number(), average_hours(0, 0)), (None, 0.0, None));
    }

    #[test]
    fn averages_have_two_decimals() {
        assert_eq!((average_hours(3_600, 3), average_hours(18, 1), average_hours(17, 1)), (Some(0.33), Some(0.01), Some(0.0)));
    }
}
