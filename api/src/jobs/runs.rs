//! List the job runs.

use super::view::JobRunList;
use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, ManagerOrAdministrator};
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::{ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::db::any_of;
use entity::job::JobName;
use entity::job::run::{Column, Entity, RunStatus, Trigger};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// Filters of the job runs
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ListJobRuns {
    /// May be repeated
    #[validate(custom(function = "at_most_all"))]
    #[param(required = false)]
    job_name: Vec<JobName>,
    /// Result of the run
    #[param(nullable = false)]
    status: Option<RunStatus>,
    /// What triggered the run
    #[param(nullable = false)]
    trigger: Option<Trigger>,
}

/// List the job runs
///
/// Newest first, 50 per page: scheduled runs and runs on demand, including dry runs.
#[utoipa::path(
    tag = "jobs",
    params(ListJobRuns, Paging),
    responses((status = OK, description = "A page of job runs", body = JobRunList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("each run is audited; reading its result is not")),
    ),
)]
#[get("/job-runs")]
pub async fn list_job_runs(
    app: App,
    by: ManagerOrAdministrator,
    query: ListQuery<ListJobRuns>,
    request: HttpRequest,
) -> Result<Answer<JobRunList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let found = Entity::find().filter(query.filter.condition());
    let (rows, page) = page.read_newest(app.readers(), found, Column::Id, |row| row.id).await?;
    Ok(Answer::page(JobRunList { data: rows.into_iter().map(Into::into).collect(), page }))
}

impl ListJobRuns {
    fn condition(&self) -> Condition {
        Condition::all()
            .add_option(any_of(Column::JobName, self.job_name.iter().copied()))
            .add_option(self.status.map(|status| Column::Status.eq(status)))
            .add_option(self.trigger.map(|trigger| Column::Trigger.eq(trigger)))
    }
}
