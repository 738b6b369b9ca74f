//! The activity of the service itself: the runs of its jobs, those with effects and others, spread over the period until they
//! reach their share.

use super::Plan;
use super::calendar::Calendar;
use super::chapter::Recorder;
use super::inbox::{Inbox, RUN_MAX};
use super::people::People;
use super::rng::{DemoRng, HistoryPart, days, float, whole};
use super::runs::Period;
use chrono::{DateTime, TimeDelta, Utc};
use entity::job::{self, JobName};
use std::iter::successors;

const BY_SYSTEM: f64 = 0.08;
const FAILED_RUNS: f64 = 0.015;
const JOBS: [JobName; 3] = [JobName::CheckExpiredHolds, JobName::ReleaseScheduledCases, JobName::SendScheduledEmails];
const ERRORS: [&str; 3] = ["database is locked", "connection reset by peer", "smtp: 421 service not available"];

/// The runs that have not been added yet.
#[derive(Debug)]
pub(super) struct Jobs {
    rng: DemoRng,
    /// How many runs without effects are added.
    idle: u64,
    next: u64,
}

impl Jobs {
    /// Plans the last periods, so that a service that starts with this history has none to catch up, and some runs that fail.
    pub fn new(plan: &Plan, seed: u64, calendar: &Calendar, people: &People, recorder: &mut Recorder) -> Self {
        let mut jobs = Self { rng: DemoRng::new(seed, HistoryPart::Jobs, 0), idle: 0, next: 0 };
        for job in JOBS {
            let last = calendar.period_before(job, calendar.now - RUN_MAX).map(|at| (job, at));
            if let Some(period) = last.filter(|period| !recorder.runs.is_taken(*period)) {
                recorder.plan_run(period, None);
            }
        }
        let share = u64::try_from(whole(float(plan.entries) * BY_SYSTEM)).unwrap_or_default();
        let runs = share.saturating_sub(recorder.tally.by_system);
        for number in 0..u64::try_from(whole(float(runs) * FAILED_RUNS)).unwrap_or_default() {
            jobs.fail(float(number) / (float(runs) * FAILED_RUNS), calendar, people, recorder);
        }
        let planned = u64::try_from(recorder.runs.planned()).unwrap_or(u64::MAX);
        let room = plan.entries.saturating_sub(recorder.tally.entries).saturating_sub(planned);
        jobs.idle = share.saturating_sub(recorder.tally.by_system).saturating_sub(planned).min(room);
        jobs
    }

    /// Adds one more run. Returns whether there was one.
    pub fn write_one(&mut self, calendar: &Calendar, recorder: &mut Recorder) -> bool {
        if recorder.write_run(&mut self.rng) {
            return true;
        }
        if self.next >= self.idle {
            return false;
        }
        // The effects of jobs have their own entries, so the other runs found nothing to do.
        let part = (float(self.next) + 0.5) / float(self.idle);
        self.next += 1;
        if let Some(period) = self.free_period(part, calendar, recorder) {
            recorder.plan_run(period, None);
        }
        true
    }

    /// A run that broke off, of which the administrators are notified. The job's next run succeeds, so that each failure is the
    /// first in a row: an email is sent only about the first.
    fn fail(&mut self, part: f64, calendar: &Calendar, people: &People, recorder: &mut Recorder) {
        let Some(period) = self.free_period(part, calendar, recorder) else { return };
        let next = calendar.period_after(period.0, period.1).map(|at| (period.0, at));
        let Some(next) = next.filter(|next| !recorder.runs.fails(*next)) else { return };
        let error = self.rng.word(&ERRORS);
        recorder.plan_run(period, Some(error));
        if next.1 < calendar.now - RUN_MAX && !recorder.runs.is_taken(next) {
            recorder.plan_run(next, None);
        }
        let (notice, at) = (job::failed(period.0.code(), error), period.1 + TimeDelta::seconds(2));
        Inbox { calendar, people, rng: &mut self.rng, recorder }.notify(&notice, None, at);
    }

    /// A period near a part of the history that no run has: evenly distributed over the day.
    fn free_period(&mut self, part: f64, calendar: &Calendar, recorder: &Recorder) -> Option<Period> {
        let job = self.rng.pick(&JOBS).copied()?;
        let whole_days = (calendar.now - calendar.start).as_seconds_f64() / 86_400.0;
        let (first, last) = (calendar.period_from(job, calendar.start + TimeDelta::hours(2)), calendar.now - RUN_MAX);
        let near: DateTime<Utc> = calendar.period_from(job, calendar.start + days(whole_days * part)).max(first);
        let later = successors(Some(near), |at| calendar.period_after(job, *at)).take_while(|at| *at < last);
        let earlier = successors(calendar.period_before(job, near), |at| calendar.period_before(job, *at));
        let earlier = earlier.take_while(|at| *at >= first);
        later.chain(earlier).map(|at| (job, at)).find(|period| period.1 < last && !recorder.runs.is_taken(*period))
    }
}
