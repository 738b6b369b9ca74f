//! What of the ranges is read from the rollups, and what from the log.

use super::{By, Counted};
use crate::clock::{bound_at, floor_id};
use crate::ledger::rollup::actor_month;
use crate::period::{IdRange, Interval, civil_day, start_of_day};
use chrono::NaiveDate;
use sea_orm::EntityName;
use sea_orm::prelude::Uuid;

/// Whole civil days in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub bucket: usize,
    pub first_day: NaiveDate,
    /// The day after the last one.
    pub end_day: NaiveDate,
    pub first_id: Uuid,
    pub end_id: Uuid,
}

/// A range, or what is left of it, that is read from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub bucket: usize,
    pub first_id: Uuid,
    pub end_id: Uuid,
}

/// Rows of one table of rollups: those whose date is one of the days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rolled {
    pub table: &'static str,
    /// The column with the day, or with the first day of the month.
    pub date: &'static str,
    pub days: Vec<Whole>,
}

/// The days of a range without a start, and of one without an end: the first ones of months. Written as text they sort as dates
/// do.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(1900, 1, 1);
const END_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(9999, 12, 1);

impl Counted {
    /// The whole days of each range, and what is left at its ends. Without rollups all of it is left.
    pub(super) fn divided(&self, by: By, ranges: &[IdRange]) -> (Vec<Whole>, Vec<Part>) {
        let (mut days, mut parts) = (Vec::new(), Vec::new());
        for (bucket, ids) in ranges.iter().enumerate() {
            let part = |first_id, end_id| Some(Part { bucket, first_id, end_id }).filter(|part| part.first_id < part.end_id);
            match self.whole(by, bucket, *ids) {
                Some(whole) => {
                    parts.extend(part(ids.from, whole.first_id));
                    days.push(if ranges.len() == 1 { self.extended(by, whole, *ids) } else { whole });
                    parts.extend(part(whole.end_id, ids.before));
                }
                None => parts.extend(part(ids.from, ids.before)),
            }
        }
        if days.is_empty() && parts.is_empty() {
            parts.push(Part { bucket: 0, first_id: Uuid::nil(), end_id: Uuid::nil() });
        }
        (days, parts)
    }

    /// The civil days that a range has as a whole, or as far as there are entries.
    fn whole(&self, by: By, bucket: usize, ids: IdRange) -> Option<Whole> {
        let zone = self.days.filter(|_| by != By::Entries)?;
        let starting = |day: NaiveDate| (day, floor_id(start_of_day(day, zone)));
        let (first_day, first_id) = if ids.from.is_nil() {
            (FIRST_DAY?, ids.from)
        } else {
            let (day, start) = starting(civil_day(bound_at(ids.from), zone));
            if start >= ids.from || self.is_open_before(ids) { (day, start) } else { starting(day.succ_opt()?) }
        };
        let (end_day, end_id) = if ids.before.is_max() {
            (END_DAY?, ids.before)
        } else {
            let (day, start) = starting(civil_day(bound_at(ids.before), zone));
            if start < ids.before && self.is_open_after(ids) { starting(day.succ_opt()?) } else { (day, start) }
        };
        Some(Whole { bucket, first_day, end_day, first_id, end_id }).filter(|whole| whole.first_day < whole.end_day)
    }

    /// The same days, and days outside of them that have no entries: of one range alone, since several would overlap.
    fn extended(&self, by: By, whole: Whole, ids: IdRange) -> Whole {
        let has_all = self.seen.is_none() && self.is_open_before(ids) && self.is_open_after(ids);
        match (by, FIRST_DAY, END_DAY) {
            (By::Actors, ..) => self.with_open_months(whole, ids),
            (_, Some(first_day), Some(end_day)) if has_all => Whole { first_day, end_day, ..whole },
            _ => whole,
        }
    }

    /// The same days and, where there are rollups of months, the rest of the first and of the last month, if the range has all
    /// entries before its end or after its start. What a later page of a list must not count of the added days is subtracted as
    /// on the others.
    fn with_open_months(&self, whole: Whole, ids: IdRange) -> Whole {
        let Some(zone) = self.days else { return whole };
        let (month, end) = (Interval::Month.start(whole.first_day), first_month(whole.end_day));
        let id_at = |day| floor_id(start_of_day(day, zone));
        let mut months = whole;
        if month < whole.first_day && self.is_open_before(ids) {
            (months.first_day, months.first_id) = (month, id_at(month));
        }
        if end > whole.end_day && self.is_open_after(ids) {
            (months.end_day, months.end_id) = (end, id_at(end));
        }
        months
    }

    /// Whether no entry is before the start of a range.
    fn is_open_before(&self, ids: IdRange) -> bool {
        self.edges.first_id.is_none_or(|first| ids.from <= first)
    }

    /// Whether no entry that the first page of a list could see is at or after the end of a range.
    fn is_open_after(&self, ids: IdRange) -> bool {
        let seen = self.seen.and_then(|seen| seen.ledger()).map(|ledger| ledger.last_id);
        seen.or(self.edges.last_id).is_none_or(|last| last < ids.before)
    }
}

impl Whole {
    /// Whether these are all days. A statement without bounds is planned by the number of rows that there are: PostgreSQL plans
    /// for few if the bounds are parameters.
    pub fn has_all_days(&self) -> bool {
        (Some(self.first_day), Some(self.end_day)) == (FIRST_DAY, END_DAY)
    }
}

impl Rolled {
    /// What whole days are read from: where there are rollups of months, the whole months of one range from those, and the days
    /// before and after them from those of days.
    pub fn covering(by: By, whole: &[Whole]) -> Vec<Self> {
        let in_days = |days: Vec<Whole>| Self { table: by.table(), date: "day", days };
        let [only] = whole else { return vec![in_days(whole.to_vec())] };
        let (month, end_month) = (first_month(only.first_day), Interval::Month.start(only.end_day));
        if by != By::Actors || month >= end_month {
            return vec![in_days(vec![*only])];
        }
        let between = |first_day, end_day| vec![Whole { first_day, end_day, ..*only }];
        let months = between(month, end_month);
        let around = [(only.first_day, month), (end_month, only.end_day)].into_iter().filter(|(first, end)| first < end);
        let days = around.map(|(first_day, end_day)| in_days(between(first_day, end_day)));
        [Self { table: actor_month::Entity.table_name(), date: "month", days: months }].into_iter().chain(days).collect()
    }
}

/// The first month that begins on or after a day.
fn first_month(day: NaiveDate) -> NaiveDate {
    let month = Interval::Month.start(day);
    if month == day { day } else { Interval::Month.next(month).unwrap_or(NaiveDate::MAX) }
}

#[cfg(test)]
mod tests {
    use super::super::Edges;
    use super::*;
    use crate::clock::Clock;
    use crate::ledger::State;
    use chrono::{DateTime, Utc};
    use chrono_tz::Tz;
    use sea_orm::DbBackend;

    const CHICAGO: Tz = chrono_tz::America::Chicago;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range(since: &str, until: &str) -> IdRange {
        IdRange { from: floor_id(at(since)), before: floor_id(at(until)), seen: None }
    }

    /// With entries at these times.
    fn counted(first: &str, last: &str) -> Counted {
        let state = State::sealed_in(CHICAGO.name());
        let id = |time| Some(Clock::system().id(at(time)));
        let edges = Edges { first_id: id(first), last_id: id(last), pending_count: 0 };
        Counted { backend: DbBackend::Sqlite, state, edges, seen: None, days: Some(CHICAGO) }
    }

    /// Among entries of all times.
    fn amid(ids: IdRange) -> (Vec<Whole>, Vec<Part>) {
        counted("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z").divided(By::Types, &[ids])
    }

    fn days(whole: &[Whole]) -> Vec<(String, String)> {
        whole.iter().map(|whole| (whole.first_day.to_string(), whole.end_day.to_string())).collect()
    }

    #[test]
    fn the_days_on_which_the_clocks_change_are_whole_with_23_and_25_hours() {
        for (since, until, date, next) in [
            ("2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z", "2026-03-08", "2026-03-09"),
            ("2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z", "2026-11-01", "2026-11-02"),
        ] {
            let (whole, parts) = amid(range(since, until));
            assert_eq!((days(&whole), parts), (vec![(date.to_owned(), next.to_owned())], vec![]));
        }
        // An hour earlier or later as a day of 24 hours would have it.
        let (whole, parts) = amid(range("2026-11-01T05:00:00Z", "2026-11-02T05:00:00Z"));
        assert_eq!((whole.len(), parts.len()), (0, 1));
    }

    #[test]
    fn a_day_that_lacks_a_millisecond_is_not_whole() {
        let (from, until) = (floor_id(at("2026-11-03T06:00:00Z")), floor_id(at("2026-11-05T06:00:00Z")));
        let (whole, parts) = amid(range("2026-11-03T06:00:00.001Z", "2026-11-05T05:59:59.999Z"));
        assert_eq!((days(&whole), parts.len()), (vec![], 1));
        let (whole, parts) = amid(range("2026-11-02T06:00:00.001Z", "2026-11-05T06:00:00.001Z"));
        assert_eq!(days(&whole), [("2026-11-03".to_owned(), "2026-11-05".to_owned())]);
        let ends = [
            Part { bucket: 0, first_id: floor_id(at("2026-11-02T06:00:00.001Z")), end_id: from },
            Part { bucket: 0, first_id: until, end_id: floor_id(at("2026-11-05T06:00:00.001Z")) },
        ];
        assert_eq!(parts, ends);
        // A range that begins after an id of the first millisecond.
        let after = Uuid::from_u128(from.as_u128() + 1);
        assert_eq!(
            days(&amid(IdRange { from: after, before: until, seen: None }).0),
            [("2026-11-04".to_owned(), "2026-11-05".to_owned())]
        );
    }

    #[test]
    fn a_range_beyond_all_entries_ends_with_the_day() {
        let log = counted("2026-11-02T12:00:00Z", "2026-11-05T12:00:00Z");
        let all =
            [range("2026-11-02T12:00:00Z", "2026-11-05T12:00:00.001Z"), range("2026-11-09T06:00:00Z", "2026-11-10T06:00:00Z")];
        let (whole, parts) = log.divided(By::Types, &all);
        assert_eq!((days(&whole[..1]), parts), (vec![("2026-11-02".to_owned(), "2026-11-06".to_owned())], vec![]));
        // Alone it has all days that there are, unless entries were added since the first page of a list.
        let (whole, parts) = log.divided(By::Types, &all[..1]);
        assert_eq!((days(&whole), parts), (vec![("1900-01-01".to_owned(), "9999-12-01".to_owned())], vec![]));
        assert!(whole[0].has_all_days());
        // An entry at or after the end, or before the start.
        let (whole, parts) = log.divided(By::Types, &[range("2026-11-02T12:00:00.001Z", "2026-11-05T12:00:00Z")]);
        assert_eq!((days(&whole), parts.len()), (vec![("2026-11-03".to_owned(), "2026-11-05".to_owned())], 2));
    }

    #[test]
    fn an_open_range_has_all_days() {
        let (whole, parts) = amid(IdRange { from: Uuid::nil(), before: Uuid::max(), seen: None });
        assert_eq!(
            whole,
            [Whole {
                bucket: 0,
                first_day: day("1900-01-01"),
                end_day: day("9999-12-01"),
                first_id: Uuid::nil(),
                end_id: Uuid::max(),
            }]
        );
        assert!(parts.is_empty());
    }

    #[test]
    fn without_rollups_and_for_conditions_that_they_lack_everything_is_read_from_the_log() {
        let ids = range("2026-11-02T06:00:00Z", "2026-11-05T06:00:00Z");
        let all = [Part { bucket: 0, first_id: ids.from, end_id: ids.before }];
        let log = counted("2026-11-02T12:00:00Z", "2026-11-05T12:00:00Z");
        assert_eq!(log.divided(By::Entries, &[ids]), (vec![], all.to_vec()));
        assert_eq!(Counted { days: None, ..log }.divided(By::Types, &[ids]), (vec![], all.to_vec()));
    }

    /// The rows by actor that a range reads, from days and from months, and what it reads from the log.
    fn by_actors(log: &Counted, ids: IdRange) -> (Vec<String>, usize) {
        let (whole, parts) = log.divided(By::Actors, &[ids]);
        let rows = |rolled: &Rolled| match rolled.days.as_slice() {
            [Whole { first_day, end_day, .. }] => format!("{} {first_day}..{end_day}", rolled.date),
            days => format!("{days:?}"),
        };
        (Rolled::covering(By::Actors, &whole).iter().map(rows).collect(), parts.len())
    }

    #[test]
    fn by_actor_whole_months_are_read_from_rollups_of_months_and_the_days_around_them_from_those_of_days() {
        let log = counted("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z");
        for (since, until, expected) in [
            // From the middle of a month to the middle of another, with and without a whole one between them.
            (
                "2026-01-15T06:00:00Z",
                "2026-04-11T05:00:00Z",
                &["month 2026-02-01..2026-04-01", "day 2026-01-15..2026-02-01", "day 2026-04-01..2026-04-11"][..],
            ),
            ("2026-01-15T06:00:00Z", "2026-02-11T06:00:00Z", &["day 2026-01-15..2026-02-11"]),
            // One month, and one that lacks its first or its last day.
            ("2026-02-01T06:00:00Z", "2026-03-01T06:00:00Z", &["month 2026-02-01..2026-03-01"]),
            ("2026-02-02T06:00:00Z", "2026-03-01T06:00:00Z", &["day 2026-02-02..2026-03-01"]),
            ("2026-02-01T06:00:00Z", "2026-02-28T06:00:00Z", &["day 2026-02-01..2026-02-28"]),
            // Within a month, and across the end of a year.
            ("2026-02-10T06:00:00Z", "2026-02-20T06:00:00Z", &["day 2026-02-10..2026-02-20"]),
            ("2026-11-30T06:00:00Z", "2027-01-01T06:00:00Z", &["month 2026-12-01..2027-01-01", "day 2026-11-30..2026-12-01"]),
        ] {
            let expected = expected.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(by_actors(&log, range(since, until)), (expected, 0), "{since} {until}");
        }
        // Parts of days are left to the log.
        let (rows, parts) = by_actors(&log, range("2026-01-31T06:00:00.001Z", "2026-03-01T06:00:00.001Z"));
        assert_eq!((rows, parts), (vec!["month 2026-02-01..2026-03-01".to_owned()], 2));
    }

    #[test]
    fn a_month_beyond_whose_part_in_the_range_are_no_entries_is_whole() {
        let log = counted("2026-09-10T12:00:00Z", "2026-11-05T12:00:00Z");
        let all = IdRange { from: Uuid::nil(), before: Uuid::max(), seen: None };
        assert_eq!(by_actors(&log, all), (vec!["month 1900-01-01..9999-12-01".to_owned()], 0));
        let months = vec!["month 2026-09-01..2026-12-01".to_owned()];
        let (first, last) = ("2026-09-10T12:00:00Z", "2026-11-05T12:00:00.001Z");
        assert_eq!(by_actors(&log, range(first, last)), (months.clone(), 0));
        assert_eq!(by_actors(&log, range("2026-09-10T05:00:00Z", "2026-11-08T06:00:00Z")), (months, 0));
        // The ids of the months are those of the days that are added: what is pending or new there must be counted or subtracted.
        let whole = log.divided(By::Actors, &[range(first, last)]).0;
        let ids = ["2026-09-01T05:00:00Z", "2026-12-01T06:00:00Z"].map(|midnight| floor_id(at(midnight)));
        assert_eq!([whole[0].first_id, whole[0].end_id], ids);
        // An entry before the start, or at the end.
        let days = |from: &str, until: &str| (vec![format!("day {from}..2026-10-01"), format!("day 2026-11-01..{until}")], 2);
        let (rows, parts) = by_actors(&log, range("2026-09-10T12:00:00.001Z", "2026-11-05T12:00:00Z"));
        assert_eq!((rows[1..].to_vec(), parts), days("2026-09-11", "2026-11-05"));
        assert_eq!(rows[0], "month 2026-10-01..2026-11-01");
        // An entry with an id of the future.
        let ahead = counted("2026-09-10T12:00:00Z", "2031-01-01T12:00:00Z");
        let expected = ["month 2026-09-01..2026-11-01", "day 2026-11-01..2026-11-05"].map(str::to_owned);
        assert_eq!(by_actors(&ahead, range(first, last)), (expected.to_vec(), 1));
    }

    #[test]
    fn several_ranges_do_not_overlap_where_no_entries_are() {
        let log = counted("2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z");
        let midnights = [
            "2026-11-01T05:00:00Z",
            "2026-11-02T06:00:00Z",
            "2026-11-03T06:00:00Z",
            "2026-11-04T06:00:00Z",
            "2026-11-05T06:00:00Z",
        ];
        let ranges: Vec<IdRange> = midnights.windows(2).map(|ends| range(ends[0], ends[1])).collect();
        let (whole, parts) = log.divided(By::Actors, &ranges);
        let expected = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"].map(str::to_owned);
        let expected: Vec<_> = expected.windows(2).map(|ends| (ends[0].clone(), ends[1].clone())).collect();
        assert_eq!((days(&whole), parts.len()), (expected, 0));
        assert_eq!(Rolled::covering(By::Actors, &whole), [Rolled { table: By::Actors.table(), date: "day", days: whole }]);
    }
}
