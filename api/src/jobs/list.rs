//! List the jobs and their state.

use super::JobDetail;
use crate::http::{Answer, ManagerOrAdministrator, NoParameters, Query};
use crate::state::App;
use crate::wire::{Instant, ListProblems, Result};
use actix_web::get;
use entity::audit_log::{self, JobHealth};
use entity::job::JobName;
use entity::setting;
use serde::Serialize;
use utoipa::ToSchema;

/// The jobs of the service
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "job_name": "release_scheduled_cases",
    "description": "Marks completed cases as released once due, and notifies their members.",
    "schedule": "*/15 * * * *", "next_run_at": "2026-11-22T08:15:00.000Z", "last_run_at": "2026-11-22T08:00:00.123Z",
    "last_status": "success", "last_success_at": "2026-11-22T08:00:00.123Z", "consecutive_failures": 0
}]}))]
pub struct JobList {
    #[schema(max_items = 100)]
    data: Vec<JobDetail>,
}

/// List the jobs
///
/// Returns for each job its description and schedule, the result of its last run, and the time of its next run.
#[utoipa::path(
    tag = "jobs",
    responses((status = OK, description = "The jobs", body = JobList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading the jobs is not audited; running one is")),
    ),
)]
#[get("/jobs")]
pub async fn list_jobs(app: App, _by: ManagerOrAdministrator, _: Query<NoParameters>) -> Result<Answer<JobList>> {
    let zone = setting::current(app.readers()).await?.zone()?;
    let mut data = Vec::new();
    for job in JobName::ALL {
        let health = audit_log::job_health_of(app.readers(), job.code()).await?;
        let next = app.schedules().next(job, app.now(), zone).filter(|_| app.schedules().is_on);
        data.push(JobDetail::new(job, app.schedules().text(job), next.map(Instant), health.as_ref()));
    }
    Ok(Answer::plain(JobList { data }))
}

impl JobDetail {
    fn new(job: JobName, schedule: String, next_run_at: Option<Instant>, health: Option<&JobHealth>) -> Self {
        let description = match job {
            JobName::CheckExpiredHolds => "Notifies users of holds that exceed their expected duration; does not resume cases.",
            JobName::CheckRollups => {
                "Compares the rollups of yesterday, a random week and ended months with the audit log; changes neither."
            }
            JobName::QuarterlyCreditReset => "Sets the credit allowance of every active member, once per quarter.",
            JobName::ReleaseScheduledCases => "Marks completed cases as released once due, and notifies their members.",
            JobName::SendScheduledEmails => "Sends emails that are due, and retries those that could not be sent.",
        };
        Self {
            job_name: job,
            description,
            schedule,
            next_run_at,
            last_run_at: health.and_then(JobHealth::last_run_at).map(Instant),
            last_status: health.map(JobHealth::last_status),
            last_success_at: health.and_then(|health| health.last_success_at).map(Instant),
            consecutive_failures: health.map_or(0, |health| health.consecutive_failures),
        }
    }
}
