//! Seals entries in the background: each gets its sequence soon after it was committed. Every replica tries; the database lets
//! one of them do it.

use crate::state::App;
use entity::cause::with_sources;
use entity::ledger::{self, Rest, Sealed, rollup};
use sea_orm::DbErr;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The time between two batches that are not full.
const PAUSE: Duration = Duration::from_millis(200);
/// How long it waits for a write of this process: other replicas write, too.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The time before it tries again after a failure.
const RETRIES_AFTER: Duration = Duration::from_secs(5);
/// Progress with the history is logged each time that this many entries are sealed.
const LOGGED_EVERY: i64 = 100_000;

/// Runs until the service stops. What it leaves pending is sealed by another replica, or after the next start.
pub async fn run(app: App) {
    let stopping = app.stopping().clone();
    tokio::select! {
        () = seal_forever(&app) => {}
        () = stopping.cancelled() => {}
    }
}

/// Seals everything that was committed before this was called, and returns how many entries it sealed.
///
/// # Errors
///
/// If the database can't be reached, or the settings' time zone is not known.
pub async fn seal_all(app: &App) -> Result<u64, DbErr> {
    let sealed = ledger::seal_all(app.db()).await?;
    app.sealed(sealed.last_sequence);
    Ok(sealed.entries)
}

async fn seal_forever(app: &App) {
    let full = ledger::batch_max(app.readers().backend());
    let (mut is_in_history, mut size) = (false, full);
    loop {
        let rest = match ledger::seal(app.db(), size).await {
            Ok(sealed) => {
                size = size.saturating_mul(2).min(full);
                app.sealed(sealed.last_sequence);
                is_in_history = log_history(is_in_history, &sealed);
                sealed.rest
            }
            Err(error) => {
                tracing::warn!(cause = with_sources(&error), batch = size, "pending audit entries could not be sealed");
                // A batch of large entries may take longer than a statement is allowed to.
                size = size.div_ceil(2);
                sleep(RETRIES_AFTER).await;
                continue;
            }
        };
        match rest {
            Rest::More => tokio::task::yield_now().await,
            Rest::Nothing if counted_again(app).await => tokio::task::yield_now().await,
            Rest::Nothing | Rest::Elsewhere => {
                sleep(PAUSE).await;
                // Woken or not, it looks again.
                drop(timeout(POLL_INTERVAL - PAUSE, app.db().written().notified()).await);
            }
        }
    }
}

/// Does a step of a rebuild of the rollups, if one is due. Returns whether there is more to do.
async fn counted_again(app: &App) -> bool {
    rollup::rebuild_step(app.db()).await.unwrap_or_else(|error| {
        tracing::warn!(cause = with_sources(&error), "the rollups could not be rebuilt");
        false
    })
}

/// Logs how far the history is sealed. Returns whether there is more of it.
fn log_history(was_in_history: bool, sealed: &Sealed) -> bool {
    let Sealed { last_sequence, history_done, entries, .. } = *sealed;
    let before = last_sequence.saturating_sub(i64::try_from(entries).unwrap_or(i64::MAX));
    if history_done {
        if was_in_history {
            tracing::info!(last_sequence, "sealed all audit entries from before the ledger");
        }
        return false;
    }
    if !was_in_history || before / LOGGED_EVERY != last_sequence / LOGGED_EVERY {
        tracing::info!(last_sequence, "sealing audit entries from before the ledger");
    }
    true
}
