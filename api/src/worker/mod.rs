//! The background tasks: jobs on their schedules, and housekeeping.

pub mod scheduler;

use crate::documents;
use crate::state::App;
use entity::audit::{AuditTx, Context};
use entity::job::JobName;
use entity::{idempotency, throttle};
use sea_orm::DbErr;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(600);
/// It lists the whole storage, so it runs once in this many rounds: every six hours.
const COLLECTED_EVERY: u64 = 36;

/// How long a running job may take to end once the service stops: as long as a request may.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// The running background tasks.
pub struct Workers {
    jobs: TaskTracker,
}

impl Workers {
    /// Waits until the service stops, and then for running jobs. One that takes too long ends with the process: its changes are
    /// rolled back, and an email whose response didn't arrive is retried.
    pub async fn finish(self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        self.jobs.close();
        if timeout(ENDS_WITHIN, self.jobs.wait()).await.is_err() {
            tracing::warn!("a job is still running and will be aborted");
        }
    }
}

/// Starts the background tasks. Jobs end when the service stops, housekeeping ends with the process.
pub fn start(app: &App) -> Workers {
    let jobs = TaskTracker::new();
    if app.schedules().is_on {
        for job in JobName::ALL {
            jobs.spawn(scheduler::run_schedule(app.clone(), job));
        }
    }
    let app = app.clone();
    actix_web::rt::spawn(async move {
        for round in 0_u64.. {
            tokio::time::sleep(HOUSEKEEPING_EVERY).await;
            housekeeping(&app).await;
            if round.is_multiple_of(COLLECTED_EVERY) {
                collect(&app).await;
            }
        }
    });
    Workers { jobs }
}

/// Removes what has expired: stored responses, failed attempts, and callers that have their full quota again. A failure is
/// retried in the next round.
async fn housekeeping(app: &App) {
    if let Some(limits) = app.rate_limits() {
        limits.forget_idle();
    }
    match forget_answers(app).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "deleted expired responses of Idempotency-Keys"),
        Err(error) => tracing::warn!(%error, "expired responses of Idempotency-Keys could not be deleted"),
    }
    match forget_guesses(app).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "deleted expired counters of failed logins"),
        Err(error) => tracing::warn!(%error, "expired counters of failed logins could not be deleted"),
    }
}

/// Removes what interrupted uploads left behind.
async fn collect(app: &App) {
    match documents::collect_orphans(app).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed stored content without a document"),
        Err(error) => tracing::warn!(%error, "stored content without a document could not be removed"),
    }
}

async fn forget_answers(app: &App) -> Result<u64, DbErr> {
    let mut forgotten = 0;
    loop {
        let tx = AuditTx::begin(app.db(), Context::job(Uuid::now_v7())).await?;
        let some = idempotency::forget_old(&tx).await?;
        tx.commit().await?;
        forgotten += some;
        if some < idempotency::FORGOTTEN_AT_ONCE {
            return Ok(forgotten);
        }
    }
}

/// Counters whose day is over, and those beyond the maximum number.
async fn forget_guesses(app: &App) -> Result<u64, DbErr> {
    let mut forgotten = 0;
    loop {
        let tx = AuditTx::begin(app.db(), Context::job(Uuid::now_v7())).await?;
        let (old, surplus) = (throttle::forget_old(&tx).await?, throttle::forget_surplus(&tx).await?);
        tx.commit().await?;
        forgotten += old + surplus;
        if old.max(surplus) < throttle::FORGOTTEN_AT_ONCE {
            return Ok(forgotten);
        }
    }
}
