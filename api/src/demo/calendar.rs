//! When events happen: more on weekdays than on weekends, more in office hours than at night, and more towards the end of a
//! month. And when jobs run: by their default schedules.

use super::rng::DemoRng;
use crate::schedule::{Schedules, Unscheduled};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use entity::job::JobName;

/// The share of events on weekends.
const WEEKEND_SHARE: f64 = 0.15;
const OFFICE_HOURS_SHARE: f64 = 0.8;
const OFFICE_OPENS: i64 = 8;
const OFFICE_CLOSES: i64 = 18;
const MONTH_END_FROM_DAY: u32 = 26;
const MONTH_END_WEIGHT: f64 = 1.5;

/// The period of a history and the activity on each of its days.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    pub zone: Tz,
    pub start: DateTime<Utc>,
    pub now: DateTime<Utc>,
    /// Each calendar day with the cumulative weight up to and including it.
    days: Vec<(NaiveDate, f64)>,
    schedules: Schedules,
}

impl Calendar {
    pub fn new(now: DateTime<Utc>, days: i64, zone: Tz) -> Result<Self, Unscheduled> {
        let start = now - TimeDelta::days(days);
        let first = start.with_timezone(&zone).date_naive();
        let last = now.with_timezone(&zone).date_naive();
        let mut reached = 0.0;
        let busy = first.iter_days().take_while(|day| *day <= last).map(|day| {
            reached += weight(day);
            (day, reached)
        });
        let days = busy.collect();
        Ok(Self { zone, start, now, days, schedules: Schedules::defaults()? })
    }

    /// The calendar day of a timestamp.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The first period of a job at or after a time.
    pub fn period_from(&self, job: JobName, at: DateTime<Utc>) -> DateTime<Utc> {
        // Times are whole milliseconds, see `clock`.
        self.schedules.next(job, at - TimeDelta::milliseconds(1), self.zone).unwrap_or(at)
    }

    /// The last period of a job before a time.
    pub fn period_before(&self, job: JobName, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.schedules.last(job, at - TimeDelta::milliseconds(1), self.zone)
    }

    /// The first period of a job after a time.
    pub fn period_after(&self, job: JobName, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.schedules.next(job, at, self.zone)
    }

    /// A time of typical activity between two others, within the period.
    pub fn within(&self, rng: &mut DemoRng, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
        let (from, until) = (from.max(self.start), until.min(self.now));
        let (low, high) = (self.reached_before(self.day(from)), self.reached_before(self.day(until) + TimeDelta::days(1)));
        for _ in 0..12 {
            let thrown = low + rng.part() * (high - low);
            let day = self.days.get(self.days.partition_point(|(_, reached)| *reached <= thrown));
            let at = day.and_then(|(day, _)| self.instant(*day, time_of_day(rng)));
            if let Some(at) = at.filter(|at| *at >= from && *at <= until) {
                return at;
            }
        }
        between(rng, from, until)
    }

    /// The time of typical activity nearest to an approximate time, but after `last` and never after now.
    pub fn settle(&self, rng: &mut DemoRng, rough: DateTime<Utc>, last: DateTime<Utc>) -> DateTime<Utc> {
        let mut day = self.day(rough);
        let shift = match day.weekday() {
            Weekday::Sat => -1,
            Weekday::Sun => 1,
            Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => 0,
        };
        // Approximate times fall on a weekend two days out of seven.
        if shift != 0 && !rng.chance(WEEKEND_SHARE / (2.0 / 7.0)) {
            day += TimeDelta::days(shift);
        }
        let settled = self.instant(day, time_of_day(rng)).unwrap_or(rough);
        if settled > last && settled <= self.now {
            return settled;
        }
        let soon = last + TimeDelta::milliseconds(rng.between(60_000, 5_400_000));
        if soon <= self.now { soon } else { between(rng, last, self.now) }
    }

    /// A local time of a day; none if it falls in the hour skipped by a clock change.
    pub fn instant(&self, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
        self.zone.from_local_datetime(&day.and_time(time)).earliest().map(|at| at.with_timezone(&Utc))
    }

    fn reached_before(&self, day: NaiveDate) -> f64 {
        let before = self.days.partition_point(|(other, _)| *other < day);
        before.checked_sub(1).and_then(|last| self.days.get(last)).map_or(0.0, |(_, reached)| *reached)
    }
}

/// Any time between two others, in milliseconds.
pub(super) fn between(rng: &mut DemoRng, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    from + TimeDelta::milliseconds(rng.between(0, (until - from).num_milliseconds().max(0)))
}

fn weight(day: NaiveDate) -> f64 {
    let weekly = match day.weekday() {
        Weekday::Sat | Weekday::Sun => WEEKEND_SHARE / 2.0,
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => (1.0 - WEEKEND_SHARE) / 5.0,
    };
    if day.day() >= MONTH_END_FROM_DAY { weekly * MONTH_END_WEIGHT } else { weekly }
}

fn time_of_day(rng: &mut DemoRng) -> NaiveTime {
    let hour = if rng.chance(OFFICE_HOURS_SHARE) {
        rng.between(OFFICE_OPENS, OFFICE_CLOSES - 1)
    } else {
        // Early mornings and evenings; very little at night.
        rng.weighed(&[(6, 3), (7, 6), (18, 6), (19, 5), (20, 4), (21, 3), (22, 2), (23, 1), (0, 1)]).unwrap_or(7)
    };
    let millis = rng.between(0, 3_599_999);
    NaiveTime::MIN.overflowing_add_signed(TimeDelta::hours(hour) + TimeDelta::milliseconds(millis)).0
}

#[cfg(test)]
mod tests {
    use super::super::rng::HistoryPart;
    use super::*;
    use chrono::Timelike;

    #[test]
    fn most_events_are_on_weekdays_in_office_hours() {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 22, 0, 0).unwrap();
        let calendar = Calendar::new(now, 180, chrono_tz::America::Chicago).unwrap();
        let mut rng = DemoRng::new(1, HistoryPart::Visits, 0);
        let times: Vec<_> = (0..5_000).map(|_| calendar.within(&mut rng, calendar.start, now)).collect();
        let local = |at: &DateTime<Utc>| at.with_timezone(&calendar.zone);
        let weekdays = times.iter().filter(|at| local(at).weekday().number_from_monday() <= 5).count();
        let office = times.iter().filter(|at| (8..18).contains(&local(at).hour())).count();
        assert!((4_100..4_400).contains(&weekdays), "{weekdays}");
        assert!((3_850..4_150).contains(&office), "{office}");
        assert!(times.iter().all(|at| *at >= calendar.start && *at <= now));
    }

    #[test]
    fn a_settled_time_is_after_the_previous_one_and_not_after_now() {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 22, 0, 0).unwrap();
        let calendar = Calendar::new(now, 180, chrono_tz::America::Chicago).unwrap();
        let mut rng = DemoRng::new(1, HistoryPart::Visits, 0);
        let mut last = calendar.start;
        for _ in 0..300 {
            let next = calendar.settle(&mut rng, last + TimeDelta::hours(15), last);
            assert!(next > last && next <= now || now - last < TimeDelta::hours(2));
            last = next;
        }
    }

    #[test]
    fn the_periods_of_a_job_are_those_of_its_schedule() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // Half an hour off UTC: the hours of its schedule begin there.
        let calendar = Calendar::new(at("2026-11-20T22:00:00Z"), 180, chrono_tz::Asia::Kolkata).unwrap();
        let job = JobName::CheckExpiredHolds;
        let (one, two) = (at("2026-11-01T10:30:00Z"), at("2026-11-01T11:30:00Z"));
        for (from, expected) in [("10:30:00Z", one), ("10:30:00.001Z", two), ("11:29:59.999Z", two)] {
            assert_eq!(calendar.period_from(job, at(&format!("2026-11-01T{from}"))), expected, "{from}");
        }
        assert_eq!((calendar.period_before(job, two), calendar.period_after(job, one)), (Some(one), Some(two)));
        assert_eq!(calendar.period_before(job, two + TimeDelta::milliseconds(1)), Some(two));
    }
}
