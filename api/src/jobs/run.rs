//! Run a job on demand.

use super::JobRunDetail;
use crate::http::request::caller::{Admitted, admitted};
use crate::http::{Administrator, Answer, Anyone, OptionalBody, Result};
use crate::state::App;
use crate::wire::{Code, Error, JobProblems};
use crate::worker::requester::{Ended, Requester};
use crate::worker::run::{Order, Outcome, perform};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, post};
use entity::audit::{AuditTx, Context, Event};
use entity::job::JobName;
use entity::job::run::{self, Trigger};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// Request body for running a job
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"dry_run": true}))]
pub struct RunJob {
    /// Whether to only report what the run would do
    #[schema(nullable = false)]
    dry_run: bool,
}

/// The path parameters as listed in the contract.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed by JobTarget")]
pub struct JobPath {
    /// Name of the job
    job_name: JobName,
}

/// The job named by the path; none if it is not a job of this service.
pub struct JobTarget(Option<JobName>);

impl FromRequest for JobTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let job = request.match_info().get("job_name").and_then(JobName::parse);
        admitted(request, Ok(Self(job)))
    }
}

/// The request on whose behalf the job runs.
#[derive(Clone)]
struct OnDemand(Anyone);

impl Requester for OnDemand {
    fn trigger(&self) -> Trigger {
        Trigger::Manual
    }

    fn user_id(&self) -> Option<Uuid> {
        Some(self.0.id())
    }

    fn request_id(&self) -> Option<String> {
        Some(self.0.context().request_id)
    }

    async fn begin(&self, app: &App, context: Context) -> Result<(AuditTx, Self), Ended> {
        let (tx, by) = app.begin_for(&self.0, context).await?;
        Ok((tx, Self(by)))
    }

    async fn begin_end(&self, app: &App, context: Context) -> Result<AuditTx, Ended> {
        Ok(app.conclude_for(&self.0, context).await?)
    }

    async fn commit(&self, tx: AuditTx, event: Event, run: &run::Model) -> Result<(), Ended> {
        tx.record_as(&self.0.context(), event).await?;
        Answer::plain(JobRunDetail::from(run.clone())).committed(tx, &self.0).await?;
        Ok(())
    }
}

/// Run a job on demand
///
/// Runs the job immediately, in addition to its schedule, and responds when the run has finished: a run that was aborted, or of
/// which every record failed for a reason of the service's own, is returned too, with `status` `failure`, and alerts the
/// administrators. An email that is refused or deferred by the recipient's server is counted and does not fail the run. Only one
/// run of a job is active at a time, across all replicas. The run is recorded with the caller as actor; the changes it makes are
/// recorded with the service as actor.
#[utoipa::path(
    tag = "jobs",
    params(JobPath),
    request_body(content = Option<RunJob>, description = "Optional"),
    responses((status = OK, description = "The completed run", body = JobRunDetail), JobProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["cron_job_executed"],
        "may": ["case_updated", "quarterly_credit_reset", "bulk_credit_reset", "email_notification_sent"],
        "denied": entity::audit::Action::CronJobExecuted,
    }))),
)]
#[post("/jobs/{job_name}/run")]
pub async fn run_job(app: App, by: Administrator, target: JobTarget, body: OptionalBody<RunJob>) -> Result<Answer<JobRunDetail>> {
    let job = target.0.ok_or_else(Error::not_found)?;
    let order = Order { job, dry_run: body.dry_run, scheduled_for: None, by: OnDemand(Anyone::clone(&by)) };
    match perform(&app, &order).await? {
        Outcome::Ran(run) => Ok(Answer::plain(run.into())),
        Outcome::Busy | Outcome::Done => Err(Error::plain(Code::JobRunning).into()),
    }
}
