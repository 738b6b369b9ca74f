//! Limits on concurrent work: no kind of work takes the resources that the others need.

use crate::wire::{Error, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

/// How much of each kind of work runs concurrently, and how long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct WorkLimits {
    /// Requests being processed; those whose body is still on its way don't count.
    pub requests: usize,
    /// Reports, text searches and totals together.
    pub scans: usize,
    pub exports: usize,
    pub uploads: usize,
    /// Of these, per caller.
    pub uploads_per_caller: usize,
    /// Bytes of memory that request bodies may hold together, without those of at most 8 KiB.
    pub bodies: usize,
    /// How long a request waits for its turn if its kind has a budget.
    pub patience: Duration,
    /// How long a whole request body may take; a document has its own pace.
    pub body: Duration,
    /// How long processing a request may take.
    pub handler: Duration,
    /// How long a report may take.
    pub report: Duration,
}

impl WorkLimits {
    /// Scans leave three of the readers and one of the processors to everything else, and have at least one of each.
    pub fn for_readers(readers: u32, processors: usize) -> Self {
        let readers = usize::try_from(readers.saturating_sub(3)).unwrap_or(1);
        Self { scans: readers.min(processors.saturating_sub(1)).max(1), ..Self::default() }
    }

    /// The same times, but nothing limits how much is done at once.
    fn without_budgets(self) -> Self {
        const MANY: usize = 100_000;
        let Self { patience, body, handler, report, .. } = self;
        let (scans, exports, uploads, uploads_per_caller) = (MANY, MANY, MANY, MANY);
        Self { requests: MANY, scans, exports, uploads, uploads_per_caller, bodies: 1 << 40, patience, body, handler, report }
    }
}

impl Default for WorkLimits {
    fn default() -> Self {
        Self {
            requests: 256,
            scans: 5,
            exports: 2,
            uploads: 32,
            uploads_per_caller: 8,
            bodies: 16 << 20,
            patience: Duration::from_millis(500),
            body: Duration::from_secs(10),
            handler: Duration::from_secs(10),
            report: Duration::from_secs(30),
        }
    }
}

/// The budgets of one process.
#[derive(Clone, Debug)]
pub struct Budgets {
    limits: WorkLimits,
    requests: Arc<Semaphore>,
    scans: Budget,
    exports: Budget,
    uploads: Budget,
    /// The share that each caller with an upload has in them.
    uploaders: Arc<Mutex<HashMap<Uuid, Budget>>>,
    /// A permit is a byte.
    bodies: Arc<Semaphore>,
}

/// The right to do work of a kind with a budget, until this is dropped.
#[derive(Debug, Default)]
pub struct Turn(Vec<OwnedSemaphorePermit>);

impl Turn {
    /// Whether its kind of work has a budget at all.
    pub const fn is_limited(&self) -> bool {
        !self.0.is_empty()
    }
}

/// One kind's turns, and the places to wait for one.
#[derive(Clone, Debug)]
struct Budget {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Budget {
    fn new(turns: usize, patience: Duration) -> Self {
        Self { turns: Arc::new(Semaphore::new(turns)), places: Arc::new(Semaphore::new(turns.saturating_mul(4))), patience }
    }

    /// Whether no request has one of its turns, or waits for one.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.turns) == 1
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let _place = self.places.try_acquire().map_err(|_| Error::overloaded())?;
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        turn.map_err(|_| Error::overloaded())?.map_err(|error| Error::internal(error))
    }
}

impl Budgets {
    pub fn new(limits: WorkLimits) -> Self {
        // What the drills `load` and `memory` have to notice.
        let limits = if cfg!(feature = "sabotage") { limits.without_budgets() } else { limits };
        let WorkLimits { requests, scans, exports, uploads, bodies, patience, .. } = limits;
        Self {
            limits,
            requests: Arc::new(Semaphore::new(requests)),
            // There may be one turn only, and dashboards request several reports at once.
            scans: Budget::new(scans, patience * 2),
            exports: Budget::new(exports, patience),
            // A waiting request has no place in memory for its body.
            uploads: Budget::new(uploads, patience),
            uploaders: Arc::default(),
            bodies: Arc::new(Semaphore::new(bodies)),
        }
    }

    /// A turn for a caller's request of this kind.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if too many are waiting, or this one waited too long.
    pub async fn turn(&self, kind: Kind, caller_id: Option<Uuid>) -> Result<Turn> {
        let permits = match kind {
            Kind::Scan | Kind::Report => vec![self.scans.turn().await?],
            Kind::Export => vec![self.exports.turn().await?],
            // One caller with many files doesn't keep the others from uploading.
            Kind::Upload => vec![self.share_of(caller_id).turn().await?, self.uploads.turn().await?],
            Kind::Probe | Kind::Plain | Kind::Bulk => Vec::new(),
        };
        Ok(Turn(permits))
    }

    /// A caller's share of the uploads. Those of callers without an upload are forgotten.
    fn share_of(&self, caller_id: Option<Uuid>) -> Budget {
        let WorkLimits { uploads_per_caller, patience, .. } = self.limits;
        let mut uploaders = self.uploaders.lock().unwrap_or_else(PoisonError::into_inner);
        uploaders.retain(|_, share| !share.is_idle());
        uploaders.entry(caller_id.unwrap_or_default()).or_insert_with(|| Budget::new(uploads_per_caller, patience)).clone()
    }

    /// How long processing a request of this kind may take.
    pub const fn time_of(&self, kind: Kind) -> Option<Duration> {
        match kind {
            Kind::Plain | Kind::Scan => Some(self.limits.handler),
            Kind::Report => Some(self.limits.report),
            // As long as their clients keep pace, or as the number of members requires.
            Kind::Probe | Kind::Export | Kind::Upload | Kind::Bulk => None,
        }
    }

    /// A place among the requests being processed.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if all are taken.
    pub fn place(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.requests).try_acquire_owned().map_err(|_| Error::overloaded())
    }

    /// This many bytes of what bodies may hold in memory together.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if other bodies hold them.
    pub fn body_memory(&self, bytes: usize) -> Result<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.bodies).try_acquire_many_owned(bytes).map_err(|_| Error::overloaded())
    }

    /// How long a whole request body may take.
    pub const fn body_time(&self) -> Duration {
        self.limits.body
    }
}

/// The kind of a request, by its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reports the state of the service, also under load.
    Probe,
    Plain,
    /// A text search or a total: it reads all rows.
    Scan,
    Report,
    Export,
    Upload,
    /// The credits of all members at once, or a whole job.
    Bulk,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_request_is_refused_if_it_waits_too_long_or_too_many_are_waiting() {
        let budget = Budget::new(1, Duration::from_millis(500));
        let turn = budget.turn().await.unwrap();
        let begun = Instant::now();
        assert_eq!(budget.turn().await.unwrap_err().code, Error::overloaded().code);
        assert_eq!(begun.elapsed(), Duration::from_millis(500));
        let waiting = futures_util::future::join_all((0..5).map(|_| budget.turn()));
        drop(turn);
        assert_eq!(waiting.await.iter().filter(|turn| turn.is_ok()).count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_caller_does_not_take_all_uploads() {
        let budgets = Budgets::new(WorkLimits { uploads: 5, uploads_per_caller: 3, ..WorkLimits::default() });
        let [one, other] = [1, 2].map(|number| Some(Uuid::from_u128(number)));
        let mut turns = Vec::new();
        for _ in 0..3 {
            turns.push(budgets.turn(Kind::Upload, one).await.unwrap());
        }
        budgets.turn(Kind::Upload, one).await.unwrap_err();
        for _ in 0..2 {
            turns.push(budgets.turn(Kind::Upload, other).await.unwrap());
        }
        // A third one of this caller would be too much for all of them together.
        budgets.turn(Kind::Upload, other).await.unwrap_err();
        turns.pop();
        turns.push(budgets.turn(Kind::Upload, other).await.unwrap());
        turns.clear();
        budgets.turn(Kind::Upload, None).await.unwrap();
        assert_eq!(budgets.uploaders.lock().unwrap().len(), 1, "callers without an upload are forgotten");
    }
}
