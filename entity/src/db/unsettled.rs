//! What some work has read while it was not committed yet: its answer waits until it is.
//!
//! On SQLite, a writer works in a transaction that it shares with those before it. If it commits nothing, because it refuses a
//! request by what they have changed, its refusal must not be seen before their COMMIT, nor at all if that fails.

use super::group::{CommitResult, undone};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// The COMMITs that some work depends on without taking part in them.
#[derive(Clone, Debug, Default)]
pub struct Unsettled(Arc<Mutex<Vec<oneshot::Receiver<CommitResult>>>>);

tokio::task_local! {
    static UNSETTLED: Unsettled;
}

impl Unsettled {
    /// Runs some work whose answer is sent after `settle`.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        UNSETTLED.scope(self, work).await
    }

    /// Waits for these COMMITs; an error if any of them failed, so that the answer must not be sent.
    pub async fn settle(&self) -> CommitResult {
        let outcomes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for outcome in outcomes {
            outcome.await.unwrap_or_else(|_| Err(undone()))?;
        }
        Ok(())
    }

    /// The same for the current work, before it begins another transaction: that one may rely on what the earlier ones have read.
    pub(super) async fn settle_earlier() -> CommitResult {
        match UNSETTLED.try_with(Self::clone) {
            Ok(unsettled) => unsettled.settle().await,
            Err(_) => Ok(()),
        }
    }

    /// Work that is answered to no client, such as a job's, has nothing to wait for.
    pub(super) fn note(outcome: oneshot::Receiver<CommitResult>) {
        let _ = UNSETTLED.try_with(|unsettled| unsettled.0.lock().unwrap_or_else(PoisonError::into_inner).push(outcome));
    }
}
