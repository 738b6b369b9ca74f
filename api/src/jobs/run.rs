//! Run a job on demand.

use super::{JobRunDetail, Order, Outcome, perform};
use crate::http::caller::{Admitted, admitted};
use crate::http::{Administrator, Answer, Code, Error, JobProblems, OptionalBody, Result};
use crate::state::App;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, post};
use entity::job::JobName;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// How a job is to run
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"dry_run": true}))]
pub struct RunJob {
    /// Only say what it would do
    #[schema(nullable = false)]
    dry_run: bool,
}

/// How the contract lists it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by JobTarget")]
pub struct JobPath {
    /// The job
    job_name: JobName,
}

/// The job a path names; what isn't one of ours is none.
pub struct JobTarget(Option<JobName>);

impl FromRequest for JobTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let job = request.match_info().get("job_name").and_then(JobName::of);
        admitted(request, Ok(Self(job)))
    }
}

/// Run a job on demand
///
/// Now, beside its schedule, and answered when it is done: a run that broke off, or of which every record failed, is answered too,
/// with `status` `failure`, and alerts the administrators. One run of a job goes on at a time, wherever. The run is on record as the
/// caller's; what it changes is the service's own doing.
#[utoipa::path(
    tag = "jobs",
    params(JobPath),
    request_body(content = Option<RunJob>, description = "May be left out"),
    responses((status = OK, description = "How it went", body = JobRunDetail), JobProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["cron_job_executed"],
        "may": ["case_updated", "quarterly_credit_reset", "bulk_credit_reset", "email_notification_sent"],
    }))),
)]
#[post("/jobs/{job_name}/run")]
pub async fn run_job(app: App, by: Administrator, target: JobTarget, body: OptionalBody<RunJob>) -> Result<Answer<JobRunDetail>> {
    let job = target.0.ok_or_else(Error::not_found)?;
    let order = Order { job, dry_run: body.dry_run, scheduled_for: None, is_made_up: false, by: Some(&by) };
    match perform(&app, &order).await? {
        Outcome::Ran(run) => Ok(Answer::plain(run.into())),
        Outcome::Busy | Outcome::Done => Err(Error::plain(Code::JobRunning)),
    }
}
