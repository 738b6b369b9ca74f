//! The state of one transaction: actor and reason, the rows it holds, what it has been cleared to write, and whether it may still
//! write.

use super::commit::{Traces, WrittenEntry};
use super::guard::{self, Write};
use super::{Action, Audited, CarryOut, ChangeContext, Context, Outcome, Refusal, WriteStage};
use crate::clock::Clock;
use crate::db::{Excuses, Observer};
use crate::user::Person;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use uuid::Uuid;

/// Readers who follow the log read its last hour again, for entries that were committed after newer ones: no transaction with
/// entries is committed that began longer ago than this. The rest of the hour is for the clocks of replicas and for COMMIT.
const OPEN_MAX: TimeDelta = TimeDelta::minutes(30);

tokio::task_local! {
    /// The write that is running in this task. Only `AuditTx` sets it, around one `save` or `record`.
    static WRITING: (Arc<UnitOfWork>, ConnectionId);
}

/// The memory address of an `AuditTx`: the one connection that its writes may use.
type ConnectionId = usize;

pub(super) struct UnitOfWork {
    pub context: Context,
    pub clock: Clock,
    begun_at: DateTime<Utc>,
    excuses: Excuses,
    observer: Option<Arc<dyn Observer>>,
    state: Mutex<UnitOfWorkState>,
}

struct UnitOfWorkState {
    change: ChangeContext,
    now: DateTime<Utc>,
    rows: HashMap<(TypeId, Uuid), Box<dyn Any + Send>>,
    cleared: Option<Write>,
    /// The effects of the row that is being saved, until `save` carries them out.
    effects: Option<Box<dyn Any + Send>>,
    traces: Traces,
    /// The kinds of entries that COMMIT will make permanent.
    written: Vec<(Action, Outcome)>,
    stage: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Between the start and the end of one write; if the caller disconnects here, the stage remains, and commit refuses.
    Writing,
    Broken,
}

impl UnitOfWork {
    pub(super) fn new(context: Context, clock: Clock, excuses: Excuses, observer: Option<Arc<dyn Observer>>) -> Self {
        let mut change = ChangeContext::new(context.actor.clone());
        change.people.extend(context.actor.person().map(|person| (person.id, person.clone())));
        let (rows, traces, written, begun_at) = (HashMap::new(), Traces::default(), Vec::new(), clock.now());
        let state =
            UnitOfWorkState { change, now: begun_at, rows, cleared: None, effects: None, traces, written, stage: Phase::Open };
        Self { context, clock, begun_at, excuses, observer, state: Mutex::new(state) }
    }

    /// The transaction whose write is running here, if `db` is its own connection.
    pub(super) fn current<C: ConnectionTrait>(db: &C) -> Result<Arc<Self>, Refusal> {
        let (unit, connection) = WRITING.try_with(Clone::clone).map_err(|_| Refusal::NoContext)?;
        if connection_id(db) == connection { Ok(unit) } else { Err(Refusal::OtherConnection) }
    }

    /// Runs one write with this unit available to its hooks. Anything but a clean end breaks the transaction.
    pub(super) async fn during<T, C: ConnectionTrait>(
        self: &Arc<Self>,
        db: &C,
        write: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        self.step(Phase::Open, Phase::Writing, Refusal::Overlap)?;
        let result = WRITING.scope((Arc::clone(self), connection_id(db)), write).await;
        let unused = self.lock().cleared.take();
        let has_effects_left = self.lock().effects.take().is_some();
        let result = if has_effects_left { result.and(Err(Refusal::EffectLeft.into())) } else { result };
        match (result, unused) {
            (Ok(value), None) => self.step(Phase::Writing, Phase::Open, Refusal::Broken).map(|()| value).map_err(DbErr::from),
            // A hook cleared a write that was never sent.
            (Ok(_), Some(write)) => Err(self.break_with(bypass(write)).into()),
            (Err(error), _) => {
                self.break_with(Refusal::Broken);
                self.report_unwritten(&error);
                Err(error)
            }
        }
    }

    /// Allows exactly one statement to pass the guard.
    pub(super) fn clear(&self, write: Write) {
        self.lock().cleared = Some(write);
    }

    /// Leaves the effects of a change to the `save` that runs here.
    pub(super) fn owe<F: CarryOut>(&self, effects: Vec<F>) {
        if !effects.is_empty() {
            self.lock().effects = Some(Box::new(effects));
        }
    }

    /// The effects that the hooks left.
    pub(super) fn owed<F: CarryOut>(&self) -> Vec<F> {
        let effects = self.lock().effects.take_if(|effects| effects.is::<Vec<F>>());
        effects.and_then(|effects| effects.downcast::<Vec<F>>().ok()).map(|effects| *effects).unwrap_or_default()
    }

    /// Checks whether a statement may be sent, and uses up its clearance.
    pub(super) fn admit(&self, sql: &str) -> Result<(), Refusal> {
        let verdict = match guard::read(sql) {
            Ok(None) => return Ok(()),
            Ok(Some(write)) => match guard::is_excused(self.excuses, &write) {
                Ok(false) if self.lock().cleared.take_if(|cleared| *cleared == write).is_none() => Err(bypass(write)),
                excused => excused.map(drop),
            },
            Err(refusal) => Err(refusal),
        };
        self.lock().traces.wrote = true;
        verdict.map_err(|refusal| self.break_with(refusal))
    }

    /// Remembers a written entry, to determine by it what became of the transaction.
    pub(super) fn leave(&self, entry: WrittenEntry) {
        self.lock().traces.entry = Some(entry);
    }

    pub(super) fn traces(&self) -> Traces {
        self.lock().traces.clone()
    }

    pub(super) fn break_with(&self, refusal: Refusal) -> Refusal {
        self.lock().stage = Phase::Broken;
        refusal
    }

    /// Remembers the kinds of the inserted entries until COMMIT makes them permanent.
    pub(super) fn wrote(&self, entries: Vec<(Action, Outcome)>) {
        self.lock().written.extend(entries);
    }

    /// Reports the result of COMMIT to the observer.
    pub(super) fn conclude(&self, end: &Result<(), DbErr>) {
        let written = std::mem::take(&mut self.lock().written);
        let Some(observer) = &self.observer else { return };
        match end {
            Ok(()) => written.into_iter().for_each(|(action, outcome)| observer.committed(action.code(), outcome.code())),
            // The cause was already reported when the transaction broke.
            Err(error) if *error == Refusal::Broken.into() => {}
            Err(_) if written.is_empty() => {}
            Err(error) if *error == Refusal::CommitUnknown.into() => observer.unwritten(WriteStage::Unknown.code()),
            Err(_) => observer.unwritten(WriteStage::Commit.code()),
        }
    }

    /// Reports a write to the observer if it failed because of its entry; other failures do not concern the audit log.
    fn report_unwritten(&self, error: &DbErr) {
        let stage = if Refusal::is_unwritten(error) { WriteStage::Insert } else { WriteStage::Refused };
        if let Some(observer) = self.observer.as_ref().filter(|_| Refusal::is_refusal(error)) {
            observer.unwritten(stage.code());
        }
    }

    /// Whether everything succeeded, and in time; checked once before COMMIT.
    pub(super) fn ensure_whole(&self) -> Result<(), Refusal> {
        let state = self.lock();
        if state.stage != Phase::Open {
            return Err(Refusal::Broken);
        }
        let is_late = !state.written.is_empty() && self.clock.now() - self.begun_at > OPEN_MAX;
        if is_late { Err(Refusal::Unwritten("its transaction took too long".to_owned())) } else { Ok(()) }
    }

    /// Keeps a row that is locked for us, as the `before` of its next change.
    ///
    /// It also sets this transaction's `now`: one reading for the row's times and its entries, taken once the lock was ours, and
    /// never before the row's last change (another host's clock may be ahead), so that a row's entries are in the order in which
    /// they happened.
    pub(super) fn remember<E: Audited>(&self, row: E::Model) {
        let mut state = self.lock();
        let (reading, last) = (self.clock.now(), E::updated_at(&row));
        state.now = if reading < last { last + TimeDelta::milliseconds(1) } else { reading.max(state.now) };
        if let Some(person) = E::person(&row) {
            state.change.people.insert(person.id, person);
        }
        state.rows.insert((TypeId::of::<E>(), E::id(&row)), Box::new(row));
    }

    pub(super) fn recall<E: Audited>(&self, id: Uuid) -> Option<E::Model> {
        self.lock().rows.get(&(TypeId::of::<E>(), id))?.downcast_ref::<E::Model>().cloned()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.lock().now
    }

    pub(super) fn change_context(&self) -> ChangeContext {
        self.lock().change.clone()
    }

    /// Those of `ids` whose names have not been loaded yet.
    pub(super) fn people_to_load(&self, ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
        let state = self.lock();
        let mut unknown: Vec<Uuid> = ids.filter(|id| !state.change.people.contains_key(id)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    pub(super) fn add_people(&self, people: Vec<Person>) {
        self.lock().change.people.extend(people.into_iter().map(|person| (person.id, person)));
    }

    pub(super) fn amend(&self, change: impl FnOnce(&mut ChangeContext)) {
        change(&mut self.lock().change);
    }

    fn step(&self, from: Phase, to: Phase, otherwise: Refusal) -> Result<(), Refusal> {
        let mut state = self.lock();
        let may = state.stage == from;
        state.stage = if may { to } else { Phase::Broken };
        if may { Ok(()) } else { Err(otherwise) }
    }

    fn lock(&self) -> MutexGuard<'_, UnitOfWorkState> {
        // Nothing panics while holding the lock; if something did, the stage would still be correct.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn bypass(write: Write) -> Refusal {
    Refusal::Bypass { verb: write.verb.name(), table: write.table }
}

fn connection_id<C>(db: &C) -> ConnectionId {
    std::ptr::from_ref(db).addr()
}
