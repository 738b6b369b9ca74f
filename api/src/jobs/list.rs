//! The jobs there are, and how they are.

use super::JobDetail;
use crate::http::{Answer, Desk, Instant, ListProblems, NoParameters, Query, Result};
use crate::state::App;
use actix_web::get;
use entity::job::JobName;
use entity::setting;
use entity::trail::{self, JobHealth};
use serde::Serialize;
use utoipa::ToSchema;

/// The jobs of the service
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "job_name": "release_scheduled_cases", "description": "Shows members the completed cases whose time has come.",
    "schedule": "*/15 * * * *", "next_run_at": "2026-11-22T08:15:00.000Z", "last_run_at": "2026-11-22T08:00:00.123Z",
    "last_status": "success", "last_success_at": "2026-11-22T08:00:00.123Z", "consecutive_failures": 0
}]}))]
pub struct JobList {
    #[schema(max_items = 20)]
    data: Vec<JobDetail>,
}

/// List the jobs
///
/// What each does and when, how it went the last time, and when it runs next.
#[utoipa::path(
    tag = "jobs",
    responses((status = OK, description = "The jobs there are", body = JobList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("looking at the jobs is not an event; running one is")),
    ),
)]
#[get("/jobs")]
pub async fn list_jobs(app: App, _by: Desk, _: Query<NoParameters>) -> Result<Answer<JobList>> {
    let zone = setting::current(app.readers()).await?.zone()?;
    let mut data = Vec::new();
    for job in JobName::ALL {
        let health = trail::job_health_of(app.readers(), job.code()).await?;
        let next = app.schedules().next(job, app.now(), zone).filter(|_| app.schedules().is_on);
        data.push(JobDetail::of(job, app.schedules().text(job), next.map(Instant), health.as_ref()));
    }
    Ok(Answer::plain(JobList { data }))
}

impl JobDetail {
    fn of(job: JobName, schedule: String, next_run_at: Option<Instant>, health: Option<&JobHealth>) -> Self {
        let description = match job {
            JobName::CheckExpiredHolds => "Tells people of holds that last longer than they were expected to; it resumes none.",
            JobName::QuarterlyCreditReset => "Gives every active member his credits of the quarter, once a quarter.",
            JobName::ReleaseScheduledCases => "Marks completed cases as released whose time has come, and tells their members.",
            JobName::SendScheduledEmails => "Sends the mails that are due, and tries those again that could not be sent.",
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
