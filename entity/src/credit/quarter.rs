//! A calendar quarter: `2026-Q4` is October to December, in the time zone of the settings.

use crate::period::start_of_day;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use std::fmt;
use std::str::FromStr;

/// Three months of a year from 2000 to 2099.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quarter {
    year: i32,
    /// From 1 to 4.
    number: u32,
}

/// The error for a text that is not a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a quarter from 2000 to 2099, such as 2026-Q4")]
pub struct NoQuarter;

impl Quarter {
    /// The quarter that contains a time.
    pub fn new(at: DateTime<Utc>, zone: Tz) -> Self {
        let day = at.with_timezone(&zone);
        Self { year: day.year(), number: day.month0() / 3 + 1 }
    }

    /// The start of the quarter and of the next one.
    pub fn period(self, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
        let next =
            if self.number == 4 { Self { year: self.year + 1, number: 1 } } else { Self { number: self.number + 1, ..self } };
        (self.start(zone), next.start(zone))
    }

    fn start(self, zone: Tz) -> DateTime<Utc> {
        let first = NaiveDate::from_ymd_opt(self.year, self.number * 3 - 2, 1).unwrap_or_default();
        start_of_day(first, zone)
    }
}

impl FromStr for Quarter {
    type Err = NoQuarter;

    fn from_str(text: &str) -> Result<Self, NoQuarter> {
        let (year, number) = text.split_once("-Q").ok_or(NoQuarter)?;
        let is_digit = |letter: u8| letter.is_ascii_digit();
        let is_spelled = year.len() == 4 && number.len() == 1 && year.bytes().chain(number.bytes()).all(is_digit);
        let (year, number) = (year.parse().map_err(|_| NoQuarter)?, number.parse().map_err(|_| NoQuarter)?);
        let is_one = is_spelled && (2000..=2099).contains(&year) && (1..=4).contains(&number);
        if is_one { Ok(Self { year, number }) } else { Err(NoQuarter) }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-Q{}", self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::Chicago;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_quarter_is_spelled_one_way() {
        for text in ["2000-Q1", "2026-Q4", "2099-Q4"] {
            assert_eq!(text.parse::<Quarter>().unwrap().to_string(), text);
        }
        for text in ["", "2026", "2026-Q0", "2026-Q5", "2026-Q", "2026-q4", "26-Q4", "1999-Q4", "2100-Q1", "2026-Q4 ", "+026-Q4"]
        {
            assert_eq!(text.parse::<Quarter>(), Err(NoQuarter), "{text}");
        }
    }

    #[test]
    fn a_quarter_begins_with_its_civil_day() {
        // Winter time before the first of January, summer time before the first of October.
        assert_eq!(Quarter::new(at("2027-01-01T05:59:59.999Z"), Chicago).to_string(), "2026-Q4");
        assert_eq!(Quarter::new(at("2027-01-01T06:00:00Z"), Chicago).to_string(), "2027-Q1");
        let period = "2026-Q4".parse::<Quarter>().unwrap().period(Chicago);
        assert_eq!(period, (at("2026-10-01T05:00:00Z"), at("2027-01-01T06:00:00Z")));
    }
}
