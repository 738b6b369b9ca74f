//! Who a job runs for: its schedule, or a request.

use crate::state::App;
use crate::wire::Interruption;
use entity::audit::{AuditTx, Context, Event};
use entity::job::run::{self, Trigger};
use sea_orm::DbErr;
use uuid::Uuid;

/// Why an order did not result in a run.
pub enum Ended {
    /// Another run currently holds the job.
    Busy,
    /// The period was already run.
    Done,
    /// The request itself was refused, or was already answered.
    Refused(Interruption),
    /// The database failed.
    BrokeOff(DbErr),
}

impl From<DbErr> for Ended {
    fn from(error: DbErr) -> Self {
        Self::BrokeOff(error)
    }
}

impl From<Interruption> for Ended {
    fn from(interruption: Interruption) -> Self {
        Self::Refused(interruption)
    }
}

/// On whose behalf a job runs. Its changes are the service's own in any case.
#[expect(async_fn_in_trait, reason = "whether its futures are Send is decided by each implementation")]
pub trait Requester: Clone {
    fn trigger(&self) -> Trigger;

    /// The user who requested the run.
    fn user_id(&self) -> Option<Uuid>;

    /// The request that the changes of the run are recorded with.
    fn request_id(&self) -> Option<String>;

    /// Begins a run, if it may still be requested, and returns the requester in their current state.
    async fn begin(&self, app: &App, context: Context) -> Result<(AuditTx, Self), Ended>;

    /// Begins the transaction that records the end of a run, whether or not it may still be requested.
    async fn begin_end(&self, app: &App, context: Context) -> Result<AuditTx, Ended>;

    /// Records the run, and commits.
    async fn commit(&self, tx: AuditTx, event: Event, run: &run::Model) -> Result<(), Ended>;
}

/// The job's schedule.
#[derive(Clone, Copy, Debug)]
pub struct Scheduled;

impl Requester for Scheduled {
    fn trigger(&self) -> Trigger {
        Trigger::Scheduler
    }

    fn user_id(&self) -> Option<Uuid> {
        None
    }

    fn request_id(&self) -> Option<String> {
        None
    }

    async fn begin(&self, app: &App, context: Context) -> Result<(AuditTx, Self), Ended> {
        Ok((self.begin_end(app, context).await?, *self))
    }

    async fn begin_end(&self, app: &App, context: Context) -> Result<AuditTx, Ended> {
        AuditTx::begin_unshared(app.db(), context).await.map_err(Ended::BrokeOff)
    }

    async fn commit(&self, tx: AuditTx, event: Event, _: &run::Model) -> Result<(), Ended> {
        tx.record(event).await?;
        Ok(tx.commit().await?)
    }
}
