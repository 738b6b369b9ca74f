//! The entries about job runs.

use super::run::{RunStatus, Trigger};
use crate::audit::{Action, Event};

/// The result of a job run.
#[derive(Clone, Copy, Debug)]
pub struct JobRun<'a> {
    pub status: RunStatus,
    pub records_processed: u64,
    pub records_failed: u64,
    /// Why the run was aborted, or why the first record failed.
    pub error_message: Option<&'a str>,
    pub duration_ms: u64,
    pub dry_run: bool,
    pub trigger: Trigger,
}

impl<'a> JobRun<'a> {
    /// A run started by the scheduler; it is a failure if there is an error message.
    pub fn scheduled(records_processed: u64, records_failed: u64, error_message: Option<&'a str>, duration_ms: u64) -> Self {
        let status = if error_message.is_some() { RunStatus::Failure } else { RunStatus::Success };
        Self {
            status,
            records_processed,
            records_failed,
            error_message,
            duration_ms,
            dry_run: false,
            trigger: Trigger::Scheduler,
        }
    }
}

/// Entries about jobs.
impl Event {
    /// One run of a job. A run that was aborted, or in which every record failed, is a failure.
    pub fn cron_job_executed(job_name: &str, run: &JobRun<'_>) -> Self {
        let status = run.status.code();
        Self::new(Action::CronJobExecuted, ("job", job_name.to_owned()), format!("Job {job_name} ran: {status}"))
            .ending(run.status.into())
            .with("job_name", job_name)
            .with("records_processed", run.records_processed)
            .with("records_failed", run.records_failed)
            .with("status", status)
            .with("error_message", run.error_message)
            .with("duration_ms", run.duration_ms)
            .with("dry_run", run.dry_run)
            .with("trigger", run.trigger.code())
    }
}
