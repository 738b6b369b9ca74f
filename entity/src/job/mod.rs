//! The jobs of the service, and the row of each: the lock that lets one run of it go on at a time.

pub mod overdue_hold;
pub mod run;

use crate::audit::{AuditTx, Unaudited, Verb};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A job of the service.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(64))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum JobName {
    /// Tells people of holds that last longer than they were expected to.
    CheckExpiredHolds,
    /// Gives every active member his credits of the quarter.
    QuarterlyCreditReset,
    /// Shows members the completed cases whose time has come.
    ReleaseScheduledCases,
    /// Sends the mails that are due.
    SendScheduledEmails,
}

impl JobName {
    pub const ALL: [Self; 4] =
        [Self::CheckExpiredHolds, Self::QuarterlyCreditReset, Self::ReleaseScheduledCases, Self::SendScheduledEmails];

    pub const fn code(self) -> &'static str {
        match self {
            Self::CheckExpiredHolds => "check_expired_holds",
            Self::QuarterlyCreditReset => "quarterly_credit_reset",
            Self::ReleaseScheduledCases => "release_scheduled_cases",
            Self::SendScheduledEmails => "send_scheduled_emails",
        }
    }

    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.code() == code)
    }

    /// When it runs if nothing else is said: minute, hour, day, month, weekday, in the settings' zone.
    pub const fn default_schedule(self) -> &'static str {
        match self {
            Self::CheckExpiredHolds => "0 * * * *",
            Self::QuarterlyCreditReset => "5 0 1 1,4,7,10 *",
            Self::ReleaseScheduledCases | Self::SendScheduledEmails => "*/15 * * * *",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: JobName,
    /// Which run has it, where a run is longer than one transaction.
    pub lease_holder: Option<Uuid>,
    /// Until when that run has it if it isn't heard of again.
    pub leased_until: Option<chrono::DateTime<chrono::Utc>>,
    /// When its schedule was first looked at: what was before was nobody's to run.
    pub watched_since: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "a lock; what a run did has entries of its own";
    const VERBS: &'static [Verb] = &[Verb::Update];
}

/// Takes the job for this transaction: whoever else would run it waits, and at most as long as a lock may be waited for.
pub async fn held(tx: &AuditTx, job: JobName) -> Result<Model, DbErr> {
    // On SQLite the clause is left out: BEGIN IMMEDIATE is the lock.
    let row = Entity::find_by_id(job).lock_exclusive().one(tx).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(format!("job {}", job.code())))
}

impl Model {
    /// Whether a run that is longer than one transaction has the job now.
    pub fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.leased_until.is_some_and(|until| until > now)
    }
}

/// Gives the job, which this transaction holds, to a run that will be heard of again until then.
pub async fn lease(tx: &AuditTx, job: JobName, run_id: Uuid, until: DateTime<Utc>) -> Result<(), DbErr> {
    let (lease_holder, leased_until) = (Set(Some(run_id)), Set(Some(until)));
    let row = ActiveModel { name: Unchanged(job), lease_holder, leased_until, ..Default::default() };
    row.update(tx).await.map(drop)
}

/// Gives the job back.
pub async fn release(tx: &AuditTx, job: JobName) -> Result<(), DbErr> {
    let row = ActiveModel { name: Unchanged(job), lease_holder: Set(None), leased_until: Set(None), ..Default::default() };
    row.update(tx).await.map(drop)
}

/// Begins to look at a job's schedule; whoever did so first has said since when.
pub async fn watch(tx: &AuditTx, job: JobName) -> Result<DateTime<Utc>, DbErr> {
    if let Some(since) = held(tx, job).await?.watched_since {
        return Ok(since);
    }
    let row = ActiveModel { name: Unchanged(job), watched_since: Set(Some(tx.now())), ..Default::default() };
    row.update(tx).await.map(|_| tx.now())
}
