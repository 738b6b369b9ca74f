//! The representation of jobs and their runs in responses.

use crate::wire::Instant;
use entity::job::JobName;
use entity::job::run::{self, RunStatus, Trigger};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A job of the service
#[derive(Serialize, ToSchema)]
pub struct JobDetail {
    pub job_name: JobName,
    #[schema(max_length = 300)]
    pub description: &'static str,
    /// A cron expression in the configured time zone
    #[schema(max_length = 200)]
    pub schedule: String,
    /// Null if the responding process does not run the schedule
    pub next_run_at: Option<Instant>,
    /// Dry runs are not included, here and in the following fields
    pub last_run_at: Option<Instant>,
    pub last_status: Option<RunStatus>,
    pub last_success_at: Option<Instant>,
    /// Number of failures since the last success, counted up to 1,000
    #[schema(minimum = 0)]
    pub consecutive_failures: i64,
}

/// A run of a job
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "job_name": "release_scheduled_cases", "trigger": "scheduler",
    "scheduled_for": "2026-11-22T08:00:00.000Z", "requested_by_id": null, "dry_run": false, "status": "success",
    "records_processed": 3, "records_failed": 0, "records_deferred": 0, "error_message": null,
    "started_at": "2026-11-22T08:00:00.123Z", "finished_at": "2026-11-22T08:00:00.207Z", "duration_ms": 84
}))]
pub struct JobRunDetail {
    pub id: Uuid,
    pub job_name: JobName,
    pub trigger: Trigger,
    /// The scheduled period, each of which is run once; null for a run on demand
    pub scheduled_for: Option<Instant>,
    /// The user who requested the run; null for a scheduled run
    pub requested_by_id: Option<Uuid>,
    /// Whether the run only reported what it would do
    pub dry_run: bool,
    pub status: RunStatus,
    /// Number of records processed; in a dry run, the number that would have been
    #[schema(minimum = 0)]
    pub records_processed: i64,
    /// Number of these records that failed. Single failures, such as emails to addresses that do not exist, do not fail the run
    #[schema(minimum = 0)]
    pub records_failed: i64,
    /// Number of these records that were deferred: emails that the recipient's server asked to send later, which a later run does
    #[schema(minimum = 0)]
    pub records_deferred: i64,
    /// Why the run was aborted, or why the first record failed
    #[schema(max_length = 500)]
    pub error_message: Option<String>,
    pub started_at: Instant,
    pub finished_at: Instant,
    #[schema(minimum = 0)]
    pub duration_ms: i64,
}

crate::list_of! {
    /// A page of job runs
    JobRunList = JobRunDetail
}

impl From<run::Model> for JobRunDetail {
    fn from(row: run::Model) -> Self {
        let run::Model {
            id,
            job_name,
            trigger,
            scheduled_for,
            requested_by_id,
            dry_run,
            status,
            records_processed,
            records_failed,
            records_deferred,
            error_message,
            started_at,
            finished_at,
            duration_ms,
        } = row;
        Self {
            id,
            job_name,
            trigger,
            scheduled_for: scheduled_for.map(Instant),
            requested_by_id,
            dry_run,
            status,
            records_processed,
            records_failed,
            records_deferred,
            error_message,
            started_at: started_at.into(),
            finished_at: finished_at.into(),
            duration_ms,
        }
    }
}
