//! Removes what is no longer needed: expired counters and responses, and stored content without a document.

use super::orphans::collect_orphans;
use crate::state::App;
use entity::audit::{AuditTx, Context};
use entity::cause::with_sources;
use entity::{idempotency, throttle};
use sea_orm::DbErr;
use std::time::Duration;
use uuid::Uuid;

const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(600);
/// It lists the whole storage, so it runs once in this many rounds: every six hours.
const COLLECTED_EVERY: u64 = 36;

/// Runs until the process ends.
pub async fn run(app: App) {
    for round in 0_u64.. {
        tokio::time::sleep(HOUSEKEEPING_EVERY).await;
        forget_expired(&app).await;
        if round.is_multiple_of(COLLECTED_EVERY) {
            collect(&app).await;
        }
    }
}

/// Removes what has expired: stored responses, failed attempts, and callers that have their full quota again. A failure is
/// retried in the next round.
async fn forget_expired(app: &App) {
    if let Some(limits) = app.rate_limits() {
        limits.forget_idle();
    }
    match forget_answers(app).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "deleted expired responses of Idempotency-Keys"),
        Err(error) => tracing::warn!(cause = with_sources(&error), "expired responses of Idempotency-Keys could not be deleted"),
    }
    match forget_guesses(app).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "deleted expired counters of failed logins"),
        Err(error) => tracing::warn!(cause = with_sources(&error), "expired counters of failed logins could not be deleted"),
    }
}

/// Removes what interrupted uploads left behind.
async fn collect(app: &App) {
    match collect_orphans(app).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed stored content without a document"),
        Err(error) => tracing::warn!(cause = with_sources(&error), "stored content without a document could not be removed"),
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
