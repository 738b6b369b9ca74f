//! The result of the last readiness check, shared by the requests that need it.

use entity::ledger::Progress;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long the result of a check is valid.
const HOLDS: Duration = Duration::from_secs(1);

/// How far the sealer has come, if that could be read; or why the service isn't ready, for the log.
pub type ReadinessResult = Result<Option<Progress>, String>;

/// The result of the last check. Requests that arrive during a check wait for its result.
#[derive(Default)]
pub struct Readiness {
    last: Mutex<Option<Finding>>,
}

struct Finding {
    begun_at: Instant,
    outcome: ReadinessResult,
}

impl Readiness {
    /// The result of the last check, or of this one if the last is no longer valid.
    pub async fn find(&self, check: impl Future<Output = ReadinessResult>) -> ReadinessResult {
        let mut last = self.last.lock().await;
        if let Some(finding) = last.as_ref().filter(|finding| finding.begun_at.elapsed() < HOLDS) {
            return finding.outcome.clone();
        }
        let begun_at = Instant::now();
        let outcome = check.await;
        *last = Some(Finding { begun_at, outcome: outcome.clone() });
        outcome
    }
}
