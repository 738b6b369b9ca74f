//! The activity of the service itself: the runs of its jobs, spread over the period until they reach their share.

use super::Plan;
use super::calendar::Calendar;
use super::chapter::Recorder;
use super::rng::{DemoRng, Table, days, float, whole};
use chrono::{DateTime, Datelike, DurationRound, NaiveTime, TimeDelta, Utc};
use entity::job::{JobName, JobRun};

const BY_SYSTEM: f64 = 0.08;
const FAILED_RUNS: f64 = 0.015;
const JOBS: [JobName; 3] = [JobName::CheckExpiredHolds, JobName::ReleaseScheduledCases, JobName::SendScheduledEmails];
const ERRORS: [&str; 3] = ["database is locked", "connection reset by peer", "smtp: 421 service not available"];

/// The runs that have not been added yet.
#[derive(Debug)]
pub(super) struct Jobs {
    rng: DemoRng,
    /// The first days of quarters, on each of which the credit reset job runs.
    quarters: Vec<DateTime<Utc>>,
    total: u64,
    /// One of this many runs fails.
    failing_every: u64,
    next: u64,
}

impl Jobs {
    pub fn new(plan: &Plan, seed: u64, calendar: &Calendar, recorder: &Recorder) -> Self {
        let share = u64::try_from(whole(float(plan.entries) * BY_SYSTEM)).unwrap_or_default();
        let room = plan.entries.saturating_sub(recorder.tally.entries);
        let total = share.saturating_sub(recorder.tally.by_system).min(room);
        let failing = whole(float(recorder.tally.runs + total) * FAILED_RUNS);
        let failing = u64::try_from(failing).unwrap_or_default().saturating_sub(recorder.tally.failed_runs);
        let failing_every = total.checked_div(failing).unwrap_or(u64::MAX);
        Self { rng: DemoRng::new(seed, Table::Jobs, 0), quarters: quarters(calendar), total, failing_every, next: 0 }
    }

    /// Adds one more run. Returns whether there was one.
    pub fn write_one(&mut self, calendar: &Calendar, recorder: &mut Recorder) -> bool {
        if self.next >= self.total {
            return false;
        }
        let (job, at) = match self.quarters.pop() {
            Some(at) => (JobName::QuarterlyCreditReset, at),
            None => (self.rng.pick(&JOBS).copied().unwrap_or(JobName::SendScheduledEmails), self.instant(calendar)),
        };
        let fails = self.next % self.failing_every == self.failing_every / 2;
        let error = fails.then(|| self.rng.word(&ERRORS));
        let duration_ms = u64::try_from(self.rng.between(8, 900)).unwrap_or_default();
        // The effects of jobs have their own entries, so runs without any found nothing to do.
        let run = JobRun::scheduled(0, 0, error, duration_ms);
        recorder.run(job, Vec::new(), &run, at);
        self.next += 1;
        true
    }

    /// On a quarter of an hour, evenly distributed over the day.
    fn instant(&self, calendar: &Calendar) -> DateTime<Utc> {
        let period = (calendar.now - calendar.start).as_seconds_f64() / 86_400.0;
        let rough = calendar.start + days(period * (float(self.next) + 0.5) / float(self.total));
        rough.duration_trunc(TimeDelta::minutes(15)).unwrap_or(rough).max(calendar.start)
    }
}

/// Five minutes past midnight on the first day of each quarter.
fn quarters(calendar: &Calendar) -> Vec<DateTime<Utc>> {
    let five_past = NaiveTime::MIN.overflowing_add_signed(TimeDelta::minutes(5)).0;
    let days = calendar.day(calendar.start).iter_days().take_while(|day| *day <= calendar.day(calendar.now));
    let first_days = days.filter(|day| day.day() == 1 && day.month0() % 3 == 0);
    let instants = first_days.filter_map(|day| calendar.instant(day, five_past));
    instants.filter(|at| *at > calendar.start && *at < calendar.now - TimeDelta::seconds(1)).collect()
}
