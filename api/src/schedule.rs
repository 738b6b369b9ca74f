//! When jobs run: cron expressions, evaluated in the configured time zone.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use entity::credit::Quarter;
use entity::job::{CatchUp, JobName};
use std::collections::HashMap;

/// How many periods of a job are caught up at most, the most recent ones: 25 years of quarters.
const CAUGHT_UP_MAX: usize = 100;

/// The schedule of each job, and whether this process follows it.
#[derive(Clone, Debug)]
pub struct Schedules {
    by_job: HashMap<JobName, Cron>,
    pub is_on: bool,
}

/// Why a schedule is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscheduled {
    #[error("'{0}' is not a job name with its schedule, such as send_scheduled_emails=*/5 * * * *")]
    NoPair(String),
    #[error("unknown job '{0}'")]
    NoJob(String),
    #[error("the schedule of {job} is not a valid cron expression: {why}")]
    NoCron { job: &'static str, why: String },
}

impl Schedules {
    /// Each job's default schedule, unless one of the given pairs, such as `check_expired_holds=0 6 * * *`, overrides it.
    pub fn parse(pairs: &[String], is_on: bool) -> Result<Self, Unscheduled> {
        let mut given = HashMap::new();
        for pair in pairs.iter().map(|pair| pair.trim()).filter(|pair| !pair.is_empty()) {
            let (name, cron) = pair.split_once('=').ok_or_else(|| Unscheduled::NoPair(pair.to_owned()))?;
            let job = JobName::parse(name.trim()).ok_or_else(|| Unscheduled::NoJob(name.trim().to_owned()))?;
            given.insert(job, cron.trim());
        }
        let parse = |job: JobName| {
            let text = given.get(&job).copied().unwrap_or_else(|| job.default_schedule());
            let cron = CronParser::builder().seconds(Seconds::Optional).build().parse(text);
            cron.map(|cron| (job, cron)).map_err(|why| Unscheduled::NoCron { job: job.code(), why: why.to_string() })
        };
        let by_job = JobName::ALL.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { by_job, is_on })
    }

    /// Each job's default schedule.
    pub fn defaults() -> Result<Self, Unscheduled> {
        Self::parse(&[], true)
    }

    /// The cron expression.
    pub fn text(&self, job: JobName) -> String {
        self.by_job.get(&job).map(|cron| cron.as_str().to_owned()).unwrap_or_default()
    }

    /// The next period after an instant.
    pub fn next(&self, job: JobName, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let next = self.by_job.get(&job)?.find_next_occurrence(&after.with_timezone(&zone), false).ok()?;
        Some(next.with_timezone(&Utc))
    }

    /// The last period until an instant, including it.
    pub fn last(&self, job: JobName, until: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let last = self.by_job.get(&job)?.find_previous_occurrence(&until.with_timezone(&zone), true).ok()?;
        Some(last.with_timezone(&Utc))
    }

    /// The periods after `last` to be run now, earliest first: the current one, and before it as many as the job catches up.
    pub fn due(&self, job: JobName, last: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
        let Some(cron) = self.by_job.get(&job) else { return Vec::new() };
        let mut due = Vec::new();
        let mut from = now.with_timezone(&zone);
        while let Ok(period) = cron.find_previous_occurrence(&from, due.is_empty()) {
            if period <= last || due.len() >= CAUGHT_UP_MAX {
                break;
            }
            let period = period.with_timezone(&Utc);
            due.push(period);
            match job.catch_up() {
                CatchUp::Once => break,
                CatchUp::EachQuarter => from = Quarter::new(period, zone).period(zone).0.with_timezone(&zone),
            }
        }
        due.reverse();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHICAGO: Tz = chrono_tz::America::Chicago;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn schedules(pairs: &[&str]) -> Schedules {
        Schedules::parse(&pairs.iter().map(|pair| (*pair).to_owned()).collect::<Vec<_>>(), true).unwrap()
    }

    #[test]
    fn a_period_is_due_at_its_time_in_the_configured_time_zone() {
        let (job, schedules) = (JobName::QuarterlyCreditReset, schedules(&[]));
        let (before, first) = (at("2026-12-31T12:00:00Z"), at("2027-01-01T06:05:00Z"));
        assert!(schedules.due(job, before, at("2027-01-01T06:04:59Z"), CHICAGO).is_empty());
        assert_eq!(schedules.due(job, before, first, CHICAGO), [first]);
        assert!(schedules.due(job, first, at("2027-02-01T00:00:00Z"), CHICAGO).is_empty());
        assert_eq!(schedules.next(job, first, CHICAGO), Some(at("2027-04-01T05:05:00Z")));
    }

    #[test]
    fn missed_periods_are_caught_up_by_the_latest_one() {
        let schedules = schedules(&[]);
        for job in [JobName::CheckExpiredHolds, JobName::ReleaseScheduledCases, JobName::SendScheduledEmails] {
            for last in ["2026-12-01T22:00:00Z", "2026-12-01T00:00:00Z", "2026-11-01T00:00:00Z", "2001-01-01T00:00:00Z"] {
                let due = schedules.due(job, at(last), at("2026-12-01T23:14:59Z"), CHICAGO);
                assert_eq!(due, [at("2026-12-01T23:00:00Z")], "{job:?} since {last}");
            }
            assert!(schedules.due(job, at("2026-12-01T23:00:00Z"), at("2026-12-01T23:14:59Z"), CHICAGO).is_empty());
        }
    }

    #[test]
    fn missed_quarters_are_caught_up_one_by_one_whatever_the_schedule() {
        let job = JobName::QuarterlyCreditReset;
        let (last, now) = (at("2026-12-01T15:00:00Z"), at("2027-08-10T12:00:00Z"));
        for (schedule, periods) in [
            ("5 0 1 1,4,7,10 *", vec!["2027-01-01T06:05:00Z", "2027-04-01T05:05:00Z", "2027-07-01T05:05:00Z"]),
            // The latest day of each quarter.
            ("0 6 * * *", vec!["2026-12-31T12:00:00Z", "2027-03-31T11:00:00Z", "2027-06-30T11:00:00Z", "2027-08-10T11:00:00Z"]),
            // The instant at which a quarter begins belongs to it.
            ("0 0 1 1,4,7,10 *", vec!["2027-01-01T06:00:00Z", "2027-04-01T05:00:00Z", "2027-07-01T05:00:00Z"]),
        ] {
            let due = schedules(&[&format!("quarterly_credit_reset={schedule}")]).due(job, last, now, CHICAGO);
            assert_eq!(due, periods.into_iter().map(at).collect::<Vec<_>>(), "{schedule}");
        }
        let due = schedules(&[]).due(job, at("1990-01-01T00:00:00Z"), now, CHICAGO);
        assert_eq!((due.len(), due.last()), (CAUGHT_UP_MAX, Some(&at("2027-07-01T05:05:00Z"))));
    }

    #[test]
    fn hourly_runs_continue_when_daylight_saving_time_begins_or_ends() {
        let (job, schedules) = (JobName::CheckExpiredHolds, schedules(&[]));
        for (from, until) in [("2027-03-14T06:30:00Z", "2027-03-14T10:30:00Z"), ("2026-11-01T04:30:00Z", "2026-11-01T08:30:00Z")]
        {
            let next = |last: &DateTime<Utc>| schedules.next(job, *last, CHICAGO).filter(|next| *next <= at(until));
            let due: Vec<_> = std::iter::successors(next(&at(from)), next).collect();
            assert_eq!(due.len(), 4, "{due:?}");
        }
    }

    #[test]
    fn an_invalid_schedule_is_named_in_the_error() {
        let refused = |pair: &str| Schedules::parse(&[pair.to_owned()], true).unwrap_err().to_string();
        assert!(refused("send_scheduled_emails").contains("send_scheduled_emails"));
        assert!(refused("sing=* * * * *").contains("sing"));
        assert!(refused("check_expired_holds=at noon").contains("check_expired_holds"));
        assert_eq!(schedules(&["check_expired_holds = 0 6 * * *"]).text(JobName::CheckExpiredHolds), "0 6 * * *");
    }
}
