//! Limits on concurrent work: no kind of work takes the resources that the others need.

use super::body_memory::{BodyMemory, SharedMemory};
use super::rates::Subject;
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
    /// Of these, per caller.
    pub scans_per_caller: usize,
    pub exports: usize,
    /// Of these, per caller.
    pub exports_per_caller: usize,
    pub uploads: usize,
    /// Of these, per caller.
    pub uploads_per_caller: usize,
    /// Bytes of memory that request bodies may hold together, without those of at most 8 KiB.
    pub bodies: usize,
    /// Of these, per caller.
    pub bodies_per_caller: usize,
    /// How long a request waits for its turn if its kind has a budget.
    pub patience: Duration,
    /// How long a whole request body may take; a document has its own pace.
    pub body: Duration,
    /// How long processing a request may take.
    pub handler: Duration,
    /// How long a report may take.
    pub report: Duration,
    /// How long a reset of the credits of all members may take.
    pub reset: Duration,
}

impl WorkLimits {
    /// Scans leave three of the readers and one of the processors to everything else, and have at least one of each. One caller
    /// takes half of them.
    pub fn for_readers(readers: u32, processors: usize) -> Self {
        let readers = usize::try_from(readers.saturating_sub(3)).unwrap_or(1);
        let scans = readers.min(processors.saturating_sub(1)).max(1);
        Self { scans, scans_per_caller: scans.div_ceil(2), ..Self::default() }
    }

    /// The same times, but nothing limits how much is done at once.
    fn without_budgets(self) -> Self {
        const MANY: usize = 100_000;
        let Self { patience, body, handler, report, reset, .. } = self;
        Self {
            requests: MANY,
            scans: MANY,
            scans_per_caller: MANY,
            exports: MANY,
            exports_per_caller: MANY,
            uploads: MANY,
            uploads_per_caller: MANY,
            bodies: 1 << 40,
            bodies_per_caller: 1 << 40,
            patience,
            body,
            handler,
            report,
            reset,
        }
    }
}

impl Default for WorkLimits {
    fn default() -> Self {
        Self {
            requests: 256,
            scans: 5,
            scans_per_caller: 3,
            exports: 2,
            exports_per_caller: 1,
            uploads: 32,
            uploads_per_caller: 8,
            bodies: 16 << 20,
            bodies_per_caller: 4 << 20,
            patience: Duration::from_millis(500),
            body: Duration::from_secs(10),
            handler: Duration::from_secs(10),
            report: Duration::from_secs(30),
            reset: Duration::from_secs(600),
        }
    }
}

/// The budgets of one process.
#[derive(Clone, Debug)]
pub struct Budgets {
    limits: WorkLimits,
    requests: Arc<Semaphore>,
    scans: SharedBudget,
    exports: SharedBudget,
    uploads: SharedBudget,
    /// One at a time: each locks the allowances of all members.
    resets: Budget,
    bodies: SharedMemory,
}

/// The right to do work of a kind with a budget, until this is dropped.
#[derive(Debug, Default)]
pub struct Permit(Vec<OwnedSemaphorePermit>);

impl Permit {
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

/// One kind's turns, of which each caller has at most a share: one with many requests doesn't keep the others from theirs.
#[derive(Clone, Debug)]
struct SharedBudget {
    all: Budget,
    per_caller: usize,
    /// The shares of callers with a request of this kind.
    shares: Arc<Mutex<HashMap<Uuid, Budget>>>,
}

impl SharedBudget {
    fn new(turns: usize, per_caller: usize, patience: Duration) -> Self {
        Self { all: Budget::new(turns, patience), per_caller, shares: Arc::default() }
    }

    /// A turn of the caller's share, and one of all.
    async fn turn(&self, caller_id: Option<Uuid>) -> Result<Permit> {
        Ok(Permit(vec![self.share_of(caller_id).turn().await?, self.all.turn().await?]))
    }

    /// A caller's share. Those of callers without a request are forgotten.
    fn share_of(&self, caller_id: Option<Uuid>) -> Budget {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| !share.is_idle());
        let share = || Budget::new(self.per_caller, self.all.patience);
        shares.entry(caller_id.unwrap_or_default()).or_insert_with(share).clone()
    }
}

impl Budgets {
    pub fn new(limits: WorkLimits) -> Self {
        // What the drills `load` and `memory` have to notice.
        let limits = if cfg!(feature = "sabotage") { limits.without_budgets() } else { limits };
        let WorkLimits { requests, scans, exports, uploads, bodies, patience, .. } = limits;
        let WorkLimits { scans_per_caller, exports_per_caller, uploads_per_caller, bodies_per_caller, .. } = limits;
        Self {
            limits,
            requests: Arc::new(Semaphore::new(requests)),
            // There may be one turn only, and dashboards request several reports at once.
            scans: SharedBudget::new(scans, scans_per_caller, patience * 2),
            exports: SharedBudget::new(exports, exports_per_caller, patience),
            // A waiting request has no place in memory for its body.
            uploads: SharedBudget::new(uploads, uploads_per_caller, patience),
            resets: Budget::new(1, patience),
            bodies: SharedMemory::new(bodies, bodies_per_caller),
        }
    }

    /// A turn for a caller's request of this kind.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if too many are waiting, or this one waited too long.
    pub async fn turn(&self, kind: WorkKind, caller_id: Option<Uuid>) -> Result<Permit> {
        match kind {
            WorkKind::Scan | WorkKind::Report => self.scans.turn(caller_id).await,
            WorkKind::Export => self.exports.turn(caller_id).await,
            WorkKind::Upload => self.uploads.turn(caller_id).await,
            // A reset takes its turn later, and of each job there is one run at a time.
            WorkKind::Probe | WorkKind::Plain | WorkKind::Reset | WorkKind::Job => Ok(Permit::default()),
        }
    }

    /// A turn to reset the credits of all members. It is taken once no other request has the same `Idempotency-Key`: a retry is
    /// told that the first request is in progress, and doesn't wait for it as for any other.
    ///
    /// # Errors
    ///
    /// 503 `unavailable` if too many are waiting, or this one waited too long.
    pub async fn reset_turn(&self) -> Result<Permit> {
        Ok(Permit(vec![self.resets.turn().await?]))
    }

    /// How long processing a request of this kind may take.
    pub const fn time_of(&self, kind: WorkKind) -> Option<Duration> {
        match kind {
            WorkKind::Plain | WorkKind::Scan => Some(self.limits.handler),
            WorkKind::Report => Some(self.limits.report),
            WorkKind::Reset => Some(self.limits.reset),
            // As long as their clients keep pace, or as a job has steps.
            WorkKind::Probe | WorkKind::Export | WorkKind::Upload | WorkKind::Job => None,
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

    /// The memory of a caller's request body.
    pub fn body_memory(&self, caller: &Subject) -> BodyMemory {
        self.bodies.body_of(caller)
    }

    /// How long a whole request body may take.
    pub const fn body_time(&self) -> Duration {
        self.limits.body
    }
}

/// The kind of a request, by its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    /// Reports the state of the service, also under load.
    Probe,
    Plain,
    /// A text search or a total: it reads all rows.
    Scan,
    Report,
    Export,
    Upload,
    /// The credits of all members at once.
    Reset,
    Job,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[test]
    fn the_defaults_are_the_documented_limits() {
        let limits = WorkLimits::default();
        assert_eq!((limits.requests, limits.exports, limits.uploads), (256, 2, 32));
        assert_eq!([limits.body, limits.handler, limits.report].map(|time| time.as_secs()), [10, 10, 30]);
    }

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
    async fn one_caller_does_not_take_all_turns_of_a_kind() {
        for kind in [WorkKind::Scan, WorkKind::Report, WorkKind::Export, WorkKind::Upload] {
            let limits = WorkLimits { scans: 5, scans_per_caller: 3, exports: 5, exports_per_caller: 3, ..WorkLimits::default() };
            let budgets = Budgets::new(WorkLimits { uploads: 5, uploads_per_caller: 3, ..limits });
            let [one, other] = [1, 2].map(|number| Some(Uuid::from_u128(number)));
            let mut turns = Vec::new();
            for _ in 0..3 {
                turns.push(budgets.turn(kind, one).await.unwrap());
            }
            budgets.turn(kind, one).await.unwrap_err();
            for _ in 0..2 {
                turns.push(budgets.turn(kind, other).await.unwrap());
            }
            // A third one of this caller would be too much for all of them together.
            budgets.turn(kind, other).await.unwrap_err();
            turns.pop();
            turns.push(budgets.turn(kind, other).await.unwrap());
            turns.clear();
            budgets.turn(kind, None).await.unwrap();
            let shares = [&budgets.scans, &budgets.exports, &budgets.uploads].map(|kind| kind.shares.lock().unwrap().len());
            assert_eq!(shares.iter().sum::<usize>(), 1, "{kind:?}: callers without a request are forgotten");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_only_turn_goes_to_another_caller_who_waits_for_it() {
        let limits = WorkLimits::for_readers(4, 2);
        assert_eq!((limits.scans, limits.scans_per_caller), (1, 1));
        let budgets = Budgets::new(limits);
        let [one, other] = [1, 2].map(|number| Some(Uuid::from_u128(number)));
        let first = budgets.turn(WorkKind::Report, one).await.unwrap();
        let more = futures_util::future::join_all((0..4).map(|_| budgets.turn(WorkKind::Report, one)));
        let another = budgets.turn(WorkKind::Report, other);
        let release = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(first);
        };
        let (_, another, ()) = futures_util::future::join3(more, another, release).await;
        assert!(another.is_ok(), "those of the first caller wait for their share");
    }

    #[tokio::test(start_paused = true)]
    async fn the_credits_of_all_members_are_reset_one_at_a_time_and_within_ten_minutes() {
        let budgets = Budgets::new(WorkLimits::default());
        let first = budgets.reset_turn().await.unwrap();
        let begun = Instant::now();
        budgets.reset_turn().await.unwrap_err();
        assert_eq!(begun.elapsed(), WorkLimits::default().patience);
        drop(first);
        budgets.reset_turn().await.unwrap();
        assert_eq!(budgets.time_of(WorkKind::Reset), Some(Duration::from_secs(600)));
    }

    #[test]
    fn a_share_is_half_and_at_least_one() {
        for (readers, processors, scans, share) in [(8, 16, 5, 3), (8, 4, 3, 2), (8, 3, 2, 1), (8, 1, 1, 1), (1, 1, 1, 1)] {
            let limits = WorkLimits::for_readers(readers, processors);
            assert_eq!((limits.scans, limits.scans_per_caller), (scans, share), "{readers} {processors}");
        }
    }
}
