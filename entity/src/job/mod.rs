//! The jobs of the service, with one row per job: the lock that allows one run of it at a time.

mod events;
pub mod overdue_hold;
pub mod run;

pub use events::{JobRun, failed};

use crate::audit::{AuditTx, Unaudited, Verb};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A background job.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(64))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobName {
    /// Notifies people of holds that last longer than expected.
    CheckExpiredHolds,
    /// Compares a random week of the rollups with the audit log.
    CheckRollups,
    /// Gives every active member their credits for the quarter.
    QuarterlyCreditReset,
    /// Makes completed cases visible to their members when their release time has come.
    ReleaseScheduledCases,
    /// Sends the emails that are due.
    SendScheduledEmails,
}

impl JobName {
    pub const ALL: [Self; 5] = [
        Self::CheckExpiredHolds,
        Self::CheckRollups,
        Self::QuarterlyCreditReset,
        Self::ReleaseScheduledCases,
        Self::SendScheduledEmails,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::CheckExpiredHolds => "check_expired_holds",
            Self::CheckRollups => "check_rollups",
            Self::QuarterlyCreditReset => "quarterly_credit_reset",
            Self::ReleaseScheduledCases => "release_scheduled_cases",
            Self::SendScheduledEmails => "send_scheduled_emails",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.code() == code)
    }

    /// The default schedule: minute, hour, day, month, weekday, in the settings' time zone.
    pub const fn default_schedule(self) -> &'static str {
        match self {
            Self::CheckExpiredHolds => "0 * * * *",
            Self::CheckRollups => "40 3 * * *",
            Self::QuarterlyCreditReset => "5 0 1 1,4,7,10 *",
            Self::ReleaseScheduledCases | Self::SendScheduledEmails => "*/15 * * * *",
        }
    }

    /// How the job makes up for periods in which no process ran it.
    pub const fn catch_up(self) -> CatchUp {
        match self {
            // A run does whatever is due by then, so a run for each missed period would find nothing to do.
            Self::CheckExpiredHolds | Self::CheckRollups | Self::ReleaseScheduledCases | Self::SendScheduledEmails => {
                CatchUp::Once
            }
            Self::QuarterlyCreditReset => CatchUp::EachQuarter,
        }
    }
}

/// How missed periods of a job are caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// By one run, that of the latest period.
    Once,
    /// By one run for each quarter, that of its latest period.
    EachQuarter,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: JobName,
    /// The run that holds the job, if a run is longer than one transaction.
    pub lease_holder: Option<Uuid>,
    /// When the lease of that run expires if it is not renewed.
    pub leased_until: Option<chrono::DateTime<chrono::Utc>>,
    /// When the scheduler first watched this job: earlier periods are not run.
    pub watched_since: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "a lock; what a run did has its own audit entries";
    const VERBS: &'static [Verb] = &[Verb::Update];
}

/// Locks the job for this transaction: other runs of it wait, at most as long as the lock timeout.
pub async fn held(tx: &AuditTx, job: JobName) -> Result<Model, DbErr> {
    // On SQLite the clause is omitted: BEGIN IMMEDIATE is the lock.
    let row = Entity::find_by_id(job).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(format!("job {}", job.code())))
}

impl Model {
    /// Whether a run that is longer than one transaction holds the job now.
    pub fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.leased_until.is_some_and(|until| until > now)
    }
}

/// Leases the job, which this transaction has locked, to a run that will renew its lease by then.
pub async fn lease(tx: &AuditTx, job: JobName, run_id: Uuid, until: DateTime<Utc>) -> Result<(), DbErr> {
    let (lease_holder, leased_until) = (Set(Some(run_id)), Set(Some(until)));
    let row = ActiveModel { name: Unchanged(job), lease_holder, leased_until, ..Default::default() };
    row.update(tx).await.map(drop)
}

/// Releases the lease.
pub async fn release(tx: &AuditTx, job: JobName) -> Result<(), DbErr> {
    let row = ActiveModel { name: Unchanged(job), lease_holder: Set(None), leased_until: Set(None), ..Default::default() };
    row.update(tx).await.map(drop)
}

/// Starts watching a job's schedule; the time of the first call is kept and returned.
pub async fn watch(tx: &AuditTx, job: JobName) -> Result<DateTime<Utc>, DbErr> {
    if let Some(since) = held(tx, job).await?.watched_since {
        return Ok(since);
    }
    let row = ActiveModel { name: Unchanged(job), watched_since: Set(Some(tx.now())), ..Default::default() };
    row.update(tx).await.map(|_| tx.now())
}
