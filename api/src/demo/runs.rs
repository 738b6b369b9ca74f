//! The runs of jobs: what each does in its period, and the row and the entry that it leaves.

use super::chapter::Recorder;
use super::rng::DemoRng;
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{Context, Event};
use entity::job::run::{self, RunStatus, Trigger};
use entity::job::{JobName, JobRun};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// How long a run takes for one record.
const MILLIS_A_RECORD: i64 = 40;

/// A job and the period that it ran for.
pub(super) type Period = (JobName, DateTime<Utc>);

/// Runs by their periods: each period is run once.
#[derive(Debug, Default)]
pub(super) struct Runs {
    planned: BTreeMap<Period, Run>,
    written: BTreeSet<Period>,
}

/// A run that has begun.
#[derive(Debug)]
pub(super) struct Run {
    id: Uuid,
    context: Arc<Context>,
    processed: i64,
    pub failed: i64,
    pub deferred: i64,
    error: Option<&'static str>,
}

impl Runs {
    /// The number of runs that are not written yet.
    pub fn planned(&self) -> usize {
        self.planned.len()
    }

    /// Whether the run of a period is planned to break off.
    pub fn fails(&self, period: Period) -> bool {
        self.planned.get(&period).is_some_and(|run| run.error.is_some())
    }

    pub fn is_taken(&self, period: Period) -> bool {
        self.planned.contains_key(&period) || self.written.contains(&period)
    }
}

impl Recorder {
    /// Makes a record part of a run: the context of its entries, and their time.
    pub fn in_run(&mut self, period: Period) -> (Arc<Context>, DateTime<Utc>) {
        let run = self.run_of(period);
        run.processed += 1;
        (Arc::clone(&run.context), period.1 + TimeDelta::milliseconds(MILLIS_A_RECORD * run.processed))
    }

    /// Plans a run that breaks off or finds nothing to do.
    pub fn plan_run(&mut self, period: Period, error: Option<&'static str>) {
        self.run_of(period).error = error;
    }

    /// Writes the row and the entry of the earliest run that is planned. Returns whether there was one.
    pub fn write_run(&mut self, rng: &mut DemoRng) -> bool {
        let Some(((job, period), run)) = self.runs.planned.pop_first() else { return false };
        self.runs.written.insert((job, period));
        let duration_ms = MILLIS_A_RECORD * (run.processed + 1) + rng.between(8, 900);
        let finished_at = period + TimeDelta::milliseconds(duration_ms);
        let whole = |number: i64| u64::try_from(number).unwrap_or_default();
        let reported = JobRun {
            records_deferred: whole(run.deferred),
            ..JobRun::scheduled(whole(run.processed), whole(run.failed), run.error, whole(duration_ms))
        };
        self.record(vec![Event::cron_job_executed(job.code(), &reported)], &run.context, finished_at, false);
        self.chapter.runs.push(run::Model {
            id: run.id,
            job_name: job,
            trigger: Trigger::Scheduler,
            scheduled_for: Some(period),
            requested_by_id: None,
            dry_run: false,
            status: if run.error.is_some() { RunStatus::Failure } else { RunStatus::Success },
            records_processed: run.processed,
            records_failed: run.failed,
            records_deferred: run.deferred,
            error_message: run.error.map(str::to_owned),
            started_at: period,
            finished_at,
            duration_ms,
        });
        true
    }

    /// The run of a period, begun if it was not.
    pub(super) fn run_of(&mut self, period: Period) -> &mut Run {
        let clock = &self.clock;
        self.runs.planned.entry(period).or_insert_with(|| {
            let id = clock.id(period.1);
            Run { id, context: Arc::new(Context::job(id)), processed: 0, failed: 0, deferred: 0, error: None }
        })
    }
}
