//! The results of job runs: one row per run, written with its entry.

use super::JobName;
use crate::audit::{AuditTx, CarryOut, Outcome, Unaudited, Verb};
use crate::db;
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What started a job run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = JobTrigger)]
pub enum Trigger {
    /// The job's schedule.
    Scheduler,
    /// An administrator.
    Manual,
}

/// The result of a job run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = JobRunStatus)]
pub enum RunStatus {
    Success,
    /// The run was aborted, or every record failed for a reason of the service's own.
    Failure,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub job_name: JobName,
    pub trigger: Trigger,
    /// The scheduled period; null for a manual run. A period is run once.
    pub scheduled_for: Option<chrono::DateTime<chrono::Utc>>,
    /// Who requested it; null for a scheduled run.
    pub requested_by_id: Option<Uuid>,
    pub dry_run: bool,
    pub status: RunStatus,
    pub records_processed: i64,
    pub records_failed: i64,
    pub error_message: Option<String>,
    pub started_at: chrono::DateTime<chrono::Utc>,
    pub finished_at: chrono::DateTime<chrono::Utc>,
    pub duration_ms: i64,
    /// Emails that the recipient's server asked to send later.
    pub records_deferred: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Trigger {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler",
            Self::Manual => "manual",
        }
    }
}

impl RunStatus {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

impl From<RunStatus> for Outcome {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Success => Self::Success,
            RunStatus::Failure => Self::Failure,
        }
    }
}

impl Unaudited for Entity {
    const REASON: &'static str = "each run has an audit entry (cron_job_executed), committed with this row";
    const VERBS: &'static [Verb] = &[Verb::Insert];
}

/// The last period that was run, by any replica.
pub async fn last_period<C: ConnectionTrait>(db: &C, job: JobName) -> Result<Option<DateTime<Utc>>, DbErr> {
    let scheduled = Entity::find().filter(Column::JobName.eq(job)).filter(Column::ScheduledFor.is_not_null());
    let last = scheduled.order_by_desc(Column::ScheduledFor).limit(1).one(db).await?;
    Ok(last.and_then(|run| run.scheduled_for))
}

/// Whether a period was already run, or was made up for by the run of a later one.
pub async fn is_done<C: ConnectionTrait>(db: &C, job: JobName, scheduled_for: DateTime<Utc>) -> Result<bool, DbErr> {
    let this_or_later = Entity::find().filter(Column::JobName.eq(job)).filter(Column::ScheduledFor.gte(scheduled_for));
    Ok(this_or_later.one(db).await?.is_some())
}

/// Records the result of a run, before its entry, and notifies the administrators of a failed one; `None` if another replica has
/// run this period, or holds the job.
pub async fn record(tx: &AuditTx, run: Model) -> Result<Option<Model>, DbErr> {
    let run = match run.into_active_model().reset_all().insert(tx).await {
        Err(error) if is_taken(&error) => return Ok(None),
        inserted => inserted?,
    };
    if run.status == RunStatus::Failure && !run.dry_run {
        let error_message = run.error_message.as_deref().unwrap_or("every record failed");
        super::failed(run.job_name.code(), error_message).carry_out(tx).await?;
    }
    Ok(Some(run))
}

/// Whether a statement failed because another replica already ran this period, or is running the job right now.
pub fn is_taken(error: &DbErr) -> bool {
    let is_double = matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)));
    is_double || db::is_lock_timeout(error)
}
