//! The entries about job runs, and what must follow a failed one.

use super::run::{RunStatus, Trigger};
use crate::alert::{Kind, Severity};
use crate::audit::metadata::metadata;
use crate::audit::{Event, key};
use crate::effect::{Email, Notice, Recipients};
use crate::outbox::{EmailParameters, FailureParameters};
use chrono::NaiveDate;

/// The result of a job run.
#[derive(Clone, Copy, Debug)]
pub struct JobRun<'a> {
    pub status: RunStatus,
    pub records_processed: u64,
    pub records_failed: u64,
    /// Emails that the recipient's server asked to send later.
    pub records_deferred: u64,
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
            records_deferred: 0,
            error_message,
            duration_ms,
            dry_run: false,
            trigger: Trigger::Scheduler,
        }
    }
}

/// What must follow a failed run: the administrators are notified.
pub fn failed(job_name: &str, error_message: &str) -> Notice {
    let failure = FailureParameters { job_name: job_name.to_owned(), error_message: error_message.to_owned() };
    Notice {
        to: Recipients::AdministratorsOf { job_name: job_name.to_owned() },
        kind: Kind::JobFailed,
        severity: Severity::Critical,
        title: failure.title(),
        message: error_message.to_owned(),
        case: None,
        mail: Some(Email { parameters: EmailParameters::JobFailed(failure), employee_name: None }),
    }
}

/// Entries about jobs.
impl Event {
    /// One run of a job. A run that was aborted, or in which every record failed for a reason of the service's own, is a failure.
    pub fn cron_job_executed(job_name: &str, run: &JobRun<'_>) -> Self {
        let status = run.status.code();
        let metadata = metadata![CronJobExecuted;
            JOB_NAME = job_name,
            RECORDS_PROCESSED = Some(run.records_processed),
            RECORDS_FAILED = Some(run.records_failed),
            RECORDS_DEFERRED = run.records_deferred,
            STATUS = status,
            ERROR_MESSAGE = run.error_message,
            DURATION_MS = Some(run.duration_ms),
            DRY_RUN = run.dry_run,
            TRIGGER = run.trigger.code(),
        ];
        Self::new(metadata, ("job", job_name.to_owned()), format!("Job {job_name} ran: {status}")).ending(run.status.into())
    }

    /// Adds the days whose rollups the run compared with the log.
    pub fn comparing(self, days: &[NaiveDate]) -> Self {
        self.with(key::DAYS_COMPARED, days.iter().map(NaiveDate::to_string).collect::<Vec<_>>())
    }
}
