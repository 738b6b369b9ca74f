//! A period of time: half-open, DST-exact, a range of ids, and the buckets that it is divided into.

mod seen;

pub use seen::{Added, LedgerExtent, SETTLED_AFTER, Seen};

use crate::clock::floor_id;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use utoipa::ToSchema;

/// The years in which periods and the times in requests lie.
pub const YEARS: RangeInclusive<i32> = 2000..=2100;

/// The maximum number of buckets in a time series.
pub const BUCKETS_MAX: usize = 1_000;

/// The number of civil days that a report covers by default, including today.
const DEFAULT_DAYS: u64 = 30;

/// One end of a period as requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A whole civil day.
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

/// A period as requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodQuery {
    pub since: Option<Bound>,
    pub until: Option<Bound>,
    pub all_time: bool,
}

/// A period by its name, in civil days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodName {
    /// From the start of today until now.
    Today,
    /// From Monday until now.
    ThisWeek,
    /// From Monday to Sunday.
    LastWeek,
    ThisMonth,
    LastMonth,
    /// From the first of January, April, July or October until now.
    ThisQuarter,
    LastQuarter,
    /// The last 30 civil days including today, until now.
    #[serde(rename = "last_30_days")]
    Last30Days,
}

/// What is wrong with a period; each error belongs to a query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("must be before the end of the period")]
    Inverted,
    #[error("must be between the years {} and {}", YEARS.start(), YEARS.end())]
    SinceOutOfRange,
    #[error("must be between the years {} and {}", YEARS.start(), YEARS.end())]
    UntilOutOfRange,
    #[error("cannot be combined with since or until")]
    AllTimeWithBounds,
    #[error("cannot be combined with other parameters of the period")]
    NameWithBounds,
    #[error("must be longer: the period has more than {BUCKETS_MAX} buckets")]
    TooManyBuckets,
}

impl PeriodError {
    /// The query parameter that the error belongs to.
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Inverted | Self::SinceOutOfRange => "since",
            Self::UntilOutOfRange => "until",
            Self::AllTimeWithBounds => "all_time",
            Self::NameWithBounds => "period",
            Self::TooManyBuckets => "interval",
        }
    }
}

/// The length of a time series bucket, in civil time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportInterval)]
pub enum Interval {
    #[default]
    Day,
    /// Starts on Monday.
    Week,
    Month,
}

/// The period that a report covers: from `since` (inclusive) to `until` (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Start of the period that this one is compared with, which ends at `since`.
    pub previous_since: DateTime<Utc>,
    /// When it was requested: what an open end and a name refer to.
    pub as_of: DateTime<Utc>,
    /// What the first page of a list could see.
    pub seen: Option<Seen>,
    pub zone: Tz,
    /// Whether the default period was used.
    pub defaulted: bool,
}

/// One step of a time series: the instant at which its civil day, week or month starts, and the ids of the period that fall into
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub start: DateTime<Utc>,
    /// The civil day, or the first one of the week or month: the same instant is another day in other time zones.
    pub on: NaiveDate,
    pub ids: IdRange,
}

/// A range of ids, `before` excluded. Ids contain their time, so a period is such a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    pub from: Uuid,
    pub before: Uuid,
    /// What was seen of it, if later pages of a list must not show more.
    pub seen: Option<Seen>,
}

impl IdRange {
    fn between(since: DateTime<Utc>, until: DateTime<Utc>, seen: Option<Seen>) -> Self {
        Self { from: floor_id(since), before: floor_id(until), seen: seen.and_then(Seen::if_past) }
    }
}

/// Time bounds, `until` excluded; `None` where the range is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl PeriodQuery {
    /// Whether the period starts with the first entry, which then has to be looked up.
    pub const fn reaches_back(&self) -> bool {
        self.all_time || (self.since.is_none() && self.until.is_some())
    }

    /// The bounds as instants, for a list, which needs no end.
    pub fn bounds(&self, zone: Tz) -> Result<Bounds, PeriodError> {
        let at = |bound: Option<Bound>, instant: fn(Bound, Tz) -> Option<DateTime<Utc>>, error| {
            bound.map(|bound| instant(bound, zone).ok_or(error)).transpose()
        };
        let since = at(self.since, start_of, PeriodError::SinceOutOfRange)?;
        let until = at(self.until, end_of, PeriodError::UntilOutOfRange)?;
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            return Err(PeriodError::Inverted);
        }
        Ok(Bounds { since, until })
    }

    /// The ids of entries between the bounds.
    pub fn ids(&self, zone: Tz) -> Result<IdRange, PeriodError> {
        let Bounds { since, until } = self.bounds(zone)?;
        Ok(IdRange { from: since.map_or(Uuid::nil(), floor_id), before: until.map_or(Uuid::max(), floor_id), seen: None })
    }
}

impl PeriodName {
    /// The period as it is requested at an instant.
    pub fn query(self, now: DateTime<Utc>, zone: Tz) -> PeriodQuery {
        let first = self.first_day(now.with_timezone(&zone).date_naive());
        match self {
            Self::Today | Self::ThisWeek | Self::ThisMonth | Self::ThisQuarter | Self::Last30Days => {
                PeriodQuery { since: Some(Bound::Day(first)), ..PeriodQuery::default() }
            }
            Self::LastWeek | Self::LastMonth | Self::LastQuarter => {
                let last = first.pred_opt().unwrap_or(first);
                let (since, until) = (Some(Bound::Day(self.first_day(last))), Some(Bound::Day(last)));
                PeriodQuery { since, until, all_time: false }
            }
        }
    }

    /// The first day of the week, month or quarter that a day is in, or of the days that it is the last of.
    fn first_day(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Today => day,
            Self::ThisWeek | Self::LastWeek => Interval::Week.start(day),
            Self::ThisMonth | Self::LastMonth => Interval::Month.start(day),
            Self::ThisQuarter | Self::LastQuarter => {
                let month = Interval::Month.start(day);
                month.checked_sub_months(Months::new(day.month0() % 3)).unwrap_or(month)
            }
            Self::Last30Days => day.checked_sub_days(Days::new(DEFAULT_DAYS - 1)).unwrap_or(day),
        }
    }
}

impl Period {
    /// The requested period. If its end is open, it includes `now`; where it begins after that, it is its first millisecond: the
    /// end was not requested and cannot be wrong.
    pub fn new(
        asked: PeriodQuery,
        first_entry_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<Self, PeriodError> {
        if asked.all_time && (asked.since.is_some() || asked.until.is_some()) {
            return Err(PeriodError::AllTimeWithBounds);
        }
        let until = asked.until.map(|bound| end_of(bound, zone).ok_or(PeriodError::UntilOutOfRange)).transpose()?;
        let since = asked.since.map(|bound| start_of(bound, zone).ok_or(PeriodError::SinceOutOfRange)).transpose()?;
        let millisecond = TimeDelta::milliseconds(1);
        // Entries of the current millisecond are part of the period until now.
        let until = until.unwrap_or_else(|| since.map_or(now, |since| since.max(now)) + millisecond);
        let since = since.unwrap_or_else(|| match asked.reaches_back() {
            // If everything is newer than the end, or there are no entries, the period is its last millisecond.
            true => first_entry_at.unwrap_or(until).min(until - millisecond),
            false => days_before(now, DEFAULT_DAYS - 1, zone),
        });
        if since >= until {
            return Err(PeriodError::Inverted);
        }
        let previous_since = previous_since(asked, since, until, zone);
        let defaulted = asked == PeriodQuery::default();
        Ok(Self { since, until, previous_since, as_of: now, seen: None, zone, defaulted })
    }

    pub fn ids(&self) -> IdRange {
        IdRange::between(self.since, self.until, self.seen)
    }

    /// The ids of the period just before: as many civil days if both ends were given as days, otherwise as much time.
    pub fn previous_ids(&self) -> IdRange {
        IdRange::between(self.previous_since, self.since, self.seen)
    }

    /// The civil days, weeks or months that the period overlaps, in order. They partition its ids.
    pub fn buckets(&self, interval: Interval) -> Result<Vec<Bucket>, PeriodError> {
        let mut date = interval.start(self.since.with_timezone(&self.zone).date_naive());
        let mut start = start_of_day(date, self.zone);
        let mut buckets = Vec::new();
        while start < self.until {
            let on = date;
            date = interval.next(date).ok_or(PeriodError::TooManyBuckets)?;
            let end = start_of_day(date, self.zone);
            let (first, last) = (start.max(self.since), end.min(self.until));
            // A time zone that crossed the date line has a civil day without a single instant.
            if first < last {
                buckets.push(Bucket { start, on, ids: IdRange::between(first, last, self.seen) });
            }
            if buckets.len() > BUCKETS_MAX {
                return Err(PeriodError::TooManyBuckets);
            }
            start = end;
        }
        Ok(buckets)
    }
}

impl Interval {
    /// The first day of the one that a day is in.
    pub(crate) fn start(self, date: NaiveDate) -> NaiveDate {
        let back = match self {
            Self::Day => 0,
            Self::Week => date.weekday().num_days_from_monday(),
            Self::Month => date.day0(),
        };
        date.checked_sub_days(Days::new(back.into())).unwrap_or(date)
    }

    /// The first day of the next one, from the first day of one.
    pub(crate) fn next(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => date.checked_add_days(Days::new(1)),
            Self::Week => date.checked_add_days(Days::new(7)),
            Self::Month => date.checked_add_months(Months::new(1)),
        }
    }
}

/// The first instant of a civil day: its midnight, the earlier of two, or the time that the clock skipped to if it skipped
/// midnight.
pub fn start_of_day(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    if let Some(instant) = zone.from_local_datetime(&midnight).earliest() {
        return instant.with_timezone(&Utc);
    }
    // No time zone is a day away from UTC, and within a gap civil time only increases.
    let (mut before, mut reached) = (midnight.and_utc() - TimeDelta::days(1), midnight.and_utc() + TimeDelta::days(1));
    while reached - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((reached - before).num_seconds() / 2);
        if middle.with_timezone(&zone).date_naive() < date { before = middle } else { reached = middle }
    }
    reached
}

/// The civil day that an instant belongs to: from the start of the day to that of the next. Where the clock is set back across
/// midnight, the hour before it is shown again after the next day has begun, and belongs to that.
pub fn civil_day(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let shown = at.with_timezone(&zone).date_naive();
    shown.succ_opt().filter(|next| start_of_day(*next, zone) <= at).unwrap_or(shown)
}

/// Where the period before starts. Civil days have 23 to 25 hours: as much time before them would start within a day.
fn previous_since(asked: PeriodQuery, since: DateTime<Utc>, until: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    if let (Some(Bound::Day(first)), Some(Bound::Day(last))) = (asked.since, asked.until)
        && let Some(day) = first.checked_sub_signed(last - first + TimeDelta::days(1))
    {
        return start_of_day(day, zone);
    }
    since - (until - since)
}

fn days_before(now: DateTime<Utc>, days: u64, zone: Tz) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    start_of_day(today.checked_sub_days(Days::new(days)).unwrap_or(today), zone)
}

fn start_of(bound: Bound, zone: Tz) -> Option<DateTime<Utc>> {
    match bound {
        Bound::Day(date) if in_range(&date) => Some(start_of_day(date, zone)),
        Bound::Instant(at) if in_range(&at) => Some(whole_millisecond(at)),
        Bound::Day(_) | Bound::Instant(_) => None,
    }
}

fn end_of(bound: Bound, zone: Tz) -> Option<DateTime<Utc>> {
    match bound {
        Bound::Day(date) if in_range(&date) => Some(start_of_day(date.succ_opt()?, zone)),
        Bound::Instant(at) if in_range(&at) => Some(whole_millisecond(at)),
        Bound::Day(_) | Bound::Instant(_) => None,
    }
}

fn in_range(date: &impl Datelike) -> bool {
    YEARS.contains(&date.year())
}

/// The first whole millisecond that is not before an instant. Entries have whole milliseconds, so they compare the same with
/// both.
fn whole_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    let cut = DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
    if cut < at { cut + TimeDelta::milliseconds(1) } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHICAGO: Tz = chrono_tz::America::Chicago;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Option<Bound> {
        Some(Bound::Day(text.parse().unwrap()))
    }

    fn days(since: &str, until: &str, zone: Tz) -> Period {
        let asked = PeriodQuery { since: day(since), until: day(until), all_time: false };
        Period::new(asked, None, at("2026-11-23T08:00:00Z"), zone).unwrap()
    }

    #[test]
    fn a_civil_day_has_23_to_25_hours() {
        let hours = |date| {
            let period = days(date, date, CHICAGO);
            (period.until - period.since).num_hours()
        };
        assert_eq!((hours("2026-03-08"), hours("2026-11-01"), hours("2026-11-02")), (23, 25, 24));
        assert_eq!(days("2026-11-01", "2026-11-01", CHICAGO).since, at("2026-11-01T05:00:00Z"));
    }

    #[test]
    fn a_day_without_midnight_starts_where_the_clock_skipped_to() {
        // In São Paulo, midnight of 2018-11-04 was skipped to one o'clock.
        assert_eq!(start_of_day("2018-11-04".parse().unwrap(), chrono_tz::America::Sao_Paulo), at("2018-11-04T03:00:00Z"));
        // In Havana, the clock was set back from one o'clock to midnight: the day starts at the first of the two.
        assert_eq!(start_of_day("2025-11-02".parse().unwrap(), chrono_tz::America::Havana), at("2025-11-02T04:00:00Z"));
    }

    #[test]
    fn an_instant_belongs_to_the_day_that_has_begun() {
        let day = |text, zone| civil_day(at(text), zone).to_string();
        assert_eq!(day("2026-11-01T04:59:59.999Z", CHICAGO), "2026-10-31");
        assert_eq!(day("2026-11-01T05:00:00Z", CHICAGO), "2026-11-01");
        // In St. John's, one minute past midnight on 2010-11-07 was followed by 23:01 of the day before.
        let newfoundland = chrono_tz::America::St_Johns;
        let (midnight, again) = ("2010-11-07T02:30:30Z", "2010-11-07T02:45:00Z");
        assert_eq!(at(again).with_timezone(&newfoundland).date_naive().to_string(), "2010-11-06");
        assert_eq!((day(midnight, newfoundland), day(again, newfoundland)), ("2010-11-07".to_owned(), "2010-11-07".to_owned()));
    }

    #[test]
    fn a_skipped_day_has_no_bucket() {
        // Samoa skipped from 29 December 2011 to 31 December.
        let starts: Vec<_> = days("2011-12-29", "2011-12-31", chrono_tz::Pacific::Apia).buckets(Interval::Day).unwrap();
        assert_eq!(starts.len(), 2);
    }

    #[test]
    fn the_default_period_is_thirty_civil_days_including_today() {
        let period = Period::new(PeriodQuery::default(), None, at("2026-11-23T08:00:00.500Z"), CHICAGO).unwrap();
        assert_eq!((period.since, period.until), (at("2026-10-25T05:00:00Z"), at("2026-11-23T08:00:00.501Z")));
        assert!(period.defaulted);
        assert_eq!(period.buckets(Interval::Day).unwrap().len(), 30);
    }

    #[test]
    fn an_open_start_is_the_first_entry() {
        let first = at("2026-05-05T05:05:05.555Z");
        let open = PeriodQuery { until: day("2026-06-01"), ..PeriodQuery::default() };
        assert_eq!(Period::new(open, Some(first), at("2026-11-23T08:00:00Z"), CHICAGO).unwrap().since, first);
        let all_time = PeriodQuery { all_time: true, ..PeriodQuery::default() };
        let period = Period::new(all_time, Some(first), at("2026-11-23T08:00:00Z"), CHICAGO).unwrap();
        assert_eq!((period.since, period.until, period.defaulted), (first, at("2026-11-23T08:00:00.001Z"), false));
        assert!(Period::new(open, None, at("2026-11-23T08:00:00Z"), CHICAGO).is_ok(), "an empty audit log has a period too");
    }

    #[test]
    fn an_open_end_never_refuses_a_start() {
        let now = at("2026-11-23T08:00:00Z");
        let since = |bound| {
            let period = Period::new(PeriodQuery { since: bound, ..PeriodQuery::default() }, None, now, CHICAGO).unwrap();
            assert_eq!(period.buckets(Interval::Day).unwrap().len(), 1);
            (period.since, period.until)
        };
        let instant = |text: &str| Some(Bound::Instant(at(text)));
        assert_eq!(since(day("2026-11-24")), (at("2026-11-24T06:00:00Z"), at("2026-11-24T06:00:00.001Z")));
        assert_eq!(since(instant("2026-11-23T08:00:00.001Z")), (at("2026-11-23T08:00:00.001Z"), at("2026-11-23T08:00:00.002Z")));
        assert_eq!(since(instant("2026-11-23T08:00:00Z")), (now, at("2026-11-23T08:00:00.001Z")));
        assert_eq!(since(day("2100-12-31")).0, at("2100-12-31T06:00:00Z"));
    }

    #[test]
    fn a_name_is_a_period_of_the_civil_calendar() {
        let ends = |name: PeriodName, now: &str| {
            let date = |bound: Option<Bound>| match bound {
                Some(Bound::Day(day)) => day.to_string(),
                Some(Bound::Instant(at)) => panic!("{at} is no day"),
                None => "now".to_owned(),
            };
            let PeriodQuery { since, until, all_time } = name.query(at(now), CHICAGO);
            assert!(!all_time);
            format!("{} to {}", date(since), date(until))
        };
        use PeriodName as P;
        for (now, name, expected) in [
            ("2026-12-07T05:59:59.999Z", P::Today, "2026-12-06 to now"),
            ("2026-12-07T06:00:00Z", P::Today, "2026-12-07 to now"),
            // The last millisecond of a Sunday, and the first of the Monday after it.
            ("2026-12-07T05:59:59.999Z", P::ThisWeek, "2026-11-30 to now"),
            ("2026-12-07T06:00:00Z", P::ThisWeek, "2026-12-07 to now"),
            ("2026-12-07T05:59:59.999Z", P::LastWeek, "2026-11-23 to 2026-11-29"),
            ("2026-12-07T06:00:00Z", P::LastWeek, "2026-11-30 to 2026-12-06"),
            ("2027-01-01T12:00:00Z", P::ThisWeek, "2026-12-28 to now"),
            ("2026-12-01T05:59:59.999Z", P::ThisMonth, "2026-11-01 to now"),
            ("2026-12-01T05:59:59.999Z", P::LastMonth, "2026-10-01 to 2026-10-31"),
            ("2026-12-31T12:00:00Z", P::LastMonth, "2026-11-01 to 2026-11-30"),
            ("2028-03-31T12:00:00Z", P::LastMonth, "2028-02-01 to 2028-02-29"),
            ("2027-01-01T06:00:00Z", P::LastMonth, "2026-12-01 to 2026-12-31"),
            ("2026-12-31T12:00:00Z", P::ThisQuarter, "2026-10-01 to now"),
            ("2027-01-01T05:59:59.999Z", P::ThisQuarter, "2026-10-01 to now"),
            ("2027-01-01T06:00:00Z", P::ThisQuarter, "2027-01-01 to now"),
            ("2026-08-31T12:00:00Z", P::LastQuarter, "2026-04-01 to 2026-06-30"),
            ("2027-01-31T12:00:00Z", P::LastQuarter, "2026-10-01 to 2026-12-31"),
            ("2026-11-23T08:00:00Z", P::Last30Days, "2026-10-25 to now"),
        ] {
            assert_eq!(ends(name, now), expected, "{name:?} at {now}");
        }
        let now = at("2026-11-23T08:00:00.500Z");
        let by_default = Period::new(PeriodQuery::default(), None, now, CHICAGO).unwrap();
        let by_name = Period::new(P::Last30Days.query(now, CHICAGO), None, now, CHICAGO).unwrap();
        assert_eq!(by_name, Period { defaulted: false, ..by_default });
    }

    #[test]
    fn civil_days_are_compared_with_as_many_civil_days() {
        let before = |since, until, zone| days(since, until, zone).previous_since;
        // The week in which the clocks are set back has 169 hours, the one before it 168.
        assert_eq!(before("2026-10-26", "2026-11-01", CHICAGO), at("2026-10-19T05:00:00Z"));
        assert_eq!(before("2026-11-02", "2026-11-08", CHICAGO), at("2026-10-26T05:00:00Z"));
        assert_eq!(before("2026-03-08", "2026-03-08", CHICAGO), at("2026-03-07T06:00:00Z"));
        assert_eq!(before("2026-03-09", "2026-03-09", CHICAGO), at("2026-03-08T06:00:00Z"));
        assert_eq!(before("2026-03-01", "2026-03-31", chrono_tz::Europe::Berlin), at("2026-01-28T23:00:00Z"));
        // On Lord Howe Island the clocks change by half an hour.
        assert_eq!(before("2026-04-05", "2026-04-05", chrono_tz::Australia::Lord_Howe), at("2026-04-03T13:00:00Z"));
        // Samoa skipped 30 December 2011, which counts as a date.
        assert_eq!(before("2011-12-31", "2012-01-01", chrono_tz::Pacific::Apia), at("2011-12-29T10:00:00Z"));
        assert_eq!(before("2000-01-01", "2100-12-31", Tz::UTC), at("1898-12-31T00:00:00Z"));
    }

    #[test]
    fn instants_are_compared_with_as_much_time() {
        let asked = |since, until| PeriodQuery { since, until, all_time: false };
        let instant = |text| Some(Bound::Instant(at(text)));
        let now = at("2026-11-02T15:00:00Z");
        let first_entry_at = Some(at("2026-11-01T00:00:00Z"));
        let before = |since, until| Period::new(asked(since, until), first_entry_at, now, CHICAGO).unwrap().previous_since;
        // The same two days as instants have 49 hours, and so has the period before.
        assert_eq!(before(instant("2026-10-31T05:00:00Z"), instant("2026-11-02T06:00:00Z")), at("2026-10-29T04:00:00Z"));
        // One end is an instant, in the last two that of the request.
        assert_eq!(before(day("2026-11-01"), instant("2026-11-01T17:00:00Z")), at("2026-10-31T17:00:00Z"));
        assert_eq!(before(instant("2026-11-01T17:00:00Z"), day("2026-11-01")), at("2026-11-01T04:00:00Z"));
        assert_eq!(before(day("2026-11-02"), None), at("2026-11-01T20:59:59.999Z"));
        assert_eq!(before(None, day("2026-11-01")), at("2026-10-30T18:00:00Z"));
    }

    #[test]
    fn buckets_partition_the_period_and_start_with_their_civil_day() {
        for interval in [Interval::Day, Interval::Week, Interval::Month] {
            let asked = PeriodQuery {
                since: Some(Bound::Instant(at("2026-02-11T13:14:15.161Z"))),
                until: Some(Bound::Instant(at("2026-11-20T01:02:03Z"))),
                all_time: false,
            };
            let period = Period::new(asked, None, at("2026-11-23T08:00:00Z"), CHICAGO).unwrap();
            let buckets = period.buckets(interval).unwrap();
            let (first, last) = (buckets.first().unwrap(), buckets.last().unwrap());
            assert_eq!((first.ids.from, last.ids.before), (period.ids().from, period.ids().before));
            assert!(buckets.windows(2).all(|pair| pair[0].ids.before == pair[1].ids.from));
            assert!(buckets.iter().all(|bucket| bucket.start.with_timezone(&CHICAGO).time() == NaiveTime::MIN));
        }
        let weeks = days("2026-03-05", "2026-03-10", CHICAGO).buckets(Interval::Week).unwrap();
        assert_eq!(
            weeks.iter().map(|week| (week.start, week.on.to_string())).collect::<Vec<_>>(),
            [(at("2026-03-02T06:00:00Z"), "2026-03-02".to_owned()), (at("2026-03-09T05:00:00Z"), "2026-03-09".to_owned())]
        );
    }

    #[test]
    fn a_bad_period_names_its_parameter() {
        let refused = |since, until, all_time| {
            let asked = PeriodQuery { since, until, all_time };
            Period::new(asked, None, at("2026-11-23T08:00:00Z"), CHICAGO).unwrap_err().parameter()
        };
        assert_eq!(refused(day("2026-02-02"), day("2026-02-01"), false), "since");
        assert_eq!(refused(day("1999-12-31"), None, false), "since");
        assert_eq!(refused(None, day("2101-01-01"), false), "until");
        assert_eq!(refused(None, day("2026-01-01"), true), "all_time");
        let long = days("2020-01-01", "2026-01-01", CHICAGO);
        assert_eq!(long.buckets(Interval::Day), Err(PeriodError::TooManyBuckets));
        assert_eq!(long.buckets(Interval::Month).unwrap().len(), 73);
    }

    #[test]
    fn a_list_without_bounds_is_open() {
        let ids = |since, until| PeriodQuery { since, until, all_time: false }.ids(CHICAGO);
        let day_after = floor_id(at("2026-11-02T06:00:00Z"));
        assert_eq!(ids(None, day("2026-11-01")), Ok(IdRange { from: Uuid::nil(), before: day_after, seen: None }));
        assert_eq!(ids(day("2026-11-02"), None), Ok(IdRange { from: day_after, before: Uuid::max(), seen: None }));
        assert_eq!(ids(day("2026-11-02"), day("2026-11-01")), Err(PeriodError::Inverted));
        assert_eq!(ids(day("1999-12-31"), None), Err(PeriodError::SinceOutOfRange));
    }

    #[test]
    fn instants_between_milliseconds_include_what_they_should() {
        assert_eq!(whole_millisecond(at("2026-01-01T00:00:00.0001Z")), at("2026-01-01T00:00:00.001Z"));
        assert_eq!(whole_millisecond(at("2026-01-01T00:00:00.001Z")), at("2026-01-01T00:00:00.001Z"));
    }
}
