//! The ends of a period as parameters: an instant, or a plain date for its whole civil day.

use super::problem::FieldProblem;
use super::{Code, Error};
use chrono::{DateTime, NaiveDate, Utc};
use entity::report::{Bound, PeriodError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// One end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodEnd(pub Bound);

impl<'de> Deserialize<'de> for PeriodEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let refused = || D::Error::custom("must be a date such as 2026-11-22 or an instant such as 2026-11-22T08:00:00Z");
        bound(&text).map(Self).ok_or_else(refused)
    }
}

fn bound(text: &str) -> Option<Bound> {
    // chrono also takes dates with signs, blanks or short numbers.
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
    if is_plain {
        return text.parse::<NaiveDate>().ok().map(Bound::Day);
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    Some(Bound::Instant(instant.with_timezone(&Utc)))
}

/// 400, naming the end that is wrong.
pub fn refused(error: PeriodError) -> Error {
    let problem = FieldProblem::query(error.parameter(), "invalid_period", error.to_string());
    Error::fields(Code::InvalidPeriod, vec![problem])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_date_or_an_instant_and_nothing_else() {
        assert_eq!(bound("2026-11-22"), NaiveDate::from_ymd_opt(2026, 11, 22).map(Bound::Day));
        let instant = "2026-11-22T07:00:00.000Z".parse().map(Bound::Instant).ok();
        assert_eq!(bound("2026-11-22T08:00:00+01:00"), instant);
        for text in ["", "today", "2026-11-31", "2026-1-1", "+2026-11-2", "2026-11-22T08:00:00", "22.11.2026", "20261122"] {
            assert_eq!(bound(text), None, "{text:?}");
        }
    }
}
