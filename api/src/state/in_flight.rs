//! Requests with an `Idempotency-Key` that this process is handling: one at a time for each key, so that waiting requests hold no
//! connection. Between processes the key's row is the lock.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long one request waits for another with its key.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct InFlight {
    scopes: Mutex<HashSet<String>>,
    ended: Notify,
}

/// A key's turn; over when this is dropped.
#[derive(Debug)]
pub struct Guard {
    in_flight: Arc<InFlight>,
    scope: String,
}

impl InFlight {
    /// Waits until no other request is handled under this key; `None` if that takes too long.
    pub async fn turn(self: &Arc<Self>, scope: &str) -> Option<Guard> {
        let ours = async {
            loop {
                // Subscribes before it checks, or an end in between would be missed.
                let mut ended = pin!(self.ended.notified());
                ended.as_mut().enable();
                if self.scopes().insert(scope.to_owned()) {
                    return Guard { in_flight: Arc::clone(self), scope: scope.to_owned() };
                }
                ended.await;
            }
        };
        timeout(PATIENCE, ours).await.ok()
    }

    fn scopes(&self) -> MutexGuard<'_, HashSet<String>> {
        self.scopes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.in_flight.scopes().remove(&self.scope);
        self.in_flight.ended.notify_waiters();
    }
}
