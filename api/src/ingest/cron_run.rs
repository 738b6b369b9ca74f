//! Report a job run of another system.

use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody};
use crate::state::App;
use crate::wire::fields::{Identifier, Reason, RowCount};
use crate::wire::{ActionProblems, Error, Instant, Interruption, Result, json};
use actix_web::post;
use chrono::Datelike;
use entity::job::JobName;
use entity::job::run::RunStatus;
use entity::period::YEARS;
use entity::reported::{self, ReportedRun};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for reporting a job run of another system
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "job_name": "nightly-sync", "records_processed": 0, "status": "failure", "error_message": "connection refused",
    "started_at": "2026-11-22T08:00:00.000Z", "finished_at": "2026-11-22T08:00:04.200Z"
}))]
pub struct IngestCronRun {
    /// Must not be the name of a job of this service
    #[validate(nested)]
    job_name: Identifier,
    #[validate(nested)]
    records_processed: RowCount,
    status: RunStatus,
    /// Why the run failed; only for failed runs
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    error_message: Option<Reason>,
    started_at: Option<Instant>,
    /// Must not be before `started_at`
    finished_at: Option<Instant>,
}

/// Report a job run of another system
///
/// Reported runs are included in the system events report like the service's own runs. The audit entry of a failed run has the
/// outcome `failure`, and the administrators are alerted.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestCronRun,
    responses((status = CREATED, description = "The audit entry", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["cron_job_executed"], "may": [], "denied": entity::audit::Action::CronJobExecuted,
    }))),
)]
#[post("/ingest/cron-runs")]
pub async fn ingest_cron_run(
    app: App,
    by: Ingester,
    body: LargeBody<IngestCronRun>,
) -> Result<Answer<IngestedEntries>, Interruption> {
    body.ensure_true()?;
    let run = ReportedRun {
        records_processed: body.records_processed.get(),
        status: body.status,
        error_message: body.error_message.as_deref(),
        started_at: body.started_at.map(|at| at.0),
        finished_at: body.finished_at.map(|at| at.0),
    };
    let (tx, by) = app.begin(&by).await?;
    let ids = reported::record_run(&tx, &body.job_name, &run).await?;
    IngestedEntries::committed(tx, &by, &ids).await
}

impl IngestCronRun {
    /// Checks that span several fields.
    fn ensure_true(&self) -> Result<()> {
        if JobName::parse(&self.job_name).is_some() {
            return Err(Error::field("/job_name", "not_allowed", "must not be a job of this service: it records its own runs"));
        }
        if self.status == RunStatus::Success && self.error_message.is_some() {
            return Err(Error::field("/error_message", "not_allowed", "is allowed only for a failed run"));
        }
        ensure_in_range("/started_at", self.started_at)?;
        ensure_in_range("/finished_at", self.finished_at)?;
        match self.started_at.zip(self.finished_at) {
            Some((start, end)) if end < start => Err(Error::field("/finished_at", "range", "must not be before started_at")),
            Some(_) | None => Ok(()),
        }
    }
}

/// Refuses a time that lies outside of every possible report period.
pub fn ensure_in_range(pointer: &str, at: Option<Instant>) -> Result<()> {
    match at {
        Some(Instant(at)) if !YEARS.contains(&at.year()) => {
            Err(Error::field(pointer, "range", &format!("must lie between the years {} and {}", YEARS.start(), YEARS.end())))
        }
        Some(_) | None => Ok(()),
    }
}
