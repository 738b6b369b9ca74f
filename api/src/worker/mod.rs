//! What runs beside the requests: the jobs by their schedules, and keeping house.

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
/// A whole storage is listed for it, so it is done once in so many rounds: every six hours.
const COLLECTED_EVERY: u64 = 36;

/// How long a run that goes on may take to end once the service is told to stop: as long as a request may.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// What goes on.
pub struct Workers {
    jobs: TaskTracker,
}

impl Workers {
    /// Waits until the service is told to stop, and then for the runs that go on. One that takes too long ends with the process: what
    /// it did is rolled back, and a mail whose answer nobody waited for is tried again.
    pub async fn finish(self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        self.jobs.close();
        if timeout(ENDS_WITHIN, self.jobs.wait()).await.is_err() {
            tracing::warn!("a job is still running, and is broken off");
        }
    }
}

/// Starts it. The jobs end when the service is told to stop, keeping house ends with the process.
pub fn start(app: &App) -> Workers {
    let jobs = TaskTracker::new();
    if app.schedules().is_on {
        for job in JobName::ALL {
            jobs.spawn(scheduler::keep_time(app.clone(), job));
        }
    }
    let app = app.clone();
    actix_web::rt::spawn(async move {
        for round in 0_u64.. {
            tokio::time::sleep(HOUSEKEEPING_EVERY).await;
            keep_house(&app).await;
            if round.is_multiple_of(COLLECTED_EVERY) {
                collect(&app).await;
            }
        }
    });
    Workers { jobs }
}

/// Forgets what has had its time: kept answers, failed guesses, and callers who have their whole quota again. What fails now is tried next time.
async fn keep_house(app: &App) {
    if let Some(limits) = app.rate_limits() {
        limits.forget_idle();
    }
    match forget_answers(app).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "answers kept under an Idempotency-Key are forgotten"),
        Err(error) => tracing::warn!(%error, "answers kept under an Idempotency-Key could not be forgotten"),
    }
    match forget_guesses(app).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "counters of failed sign-ins are forgotten"),
        Err(error) => tracing::warn!(%error, "counters of failed sign-ins could not be forgotten"),
    }
}

/// Removes what uploads left behind whose end nobody saw.
async fn collect(app: &App) {
    match documents::collect_orphans(app).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "stored pieces that belong to no document are removed"),
        Err(error) => tracing::warn!(%error, "stored pieces that belong to no document could not be removed"),
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

/// Those whose day is over, and those beyond what is kept at most.
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
