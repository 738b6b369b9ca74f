//! Waiting writers of SQLite share one COMMIT: each waits for its turn, works inside of a savepoint of the same transaction, and
//! is answered after the COMMIT of all. A COMMIT waits for the disk, and SQLite has one writer: with one COMMIT each, sixteen
//! writers wait for sixteen syncs.
//!
//! The first member of a group works in the transaction itself. It commits at once if no other writer is waiting, so that a
//! single writer sends what it always sent. Otherwise connection and transaction pass from turn to turn, until no writer is
//! waiting, `MEMBERS_MAX` have finished, or the first of them has waited for `SHARED_MAX`.
//!
//! - A member without the entries it owes is undone alone: the database checks that at COMMIT, so it is asked before.
//! - A member that fails is undone alone; the others are committed, and the connection is closed, as after any failure. If the
//!   database itself is unable to work (full, I/O error), or has ended the transaction by itself, all fail, none was answered
//!   yet, and nothing is changed.
//! - A member that does not finish within `STALL_MAX` is undone and fails as unavailable. It cannot be set aside instead: a
//!   savepoint ends with the COMMIT of its transaction. Afterwards all writers commit on their own for a while, so that a long
//!   write succeeds when it is repeated.
//! - What a member has read may not be committed yet: a refusal that is based on it waits for that COMMIT (`Unsettled`).

use super::transaction::{Connection, query_error};
use sea_orm::{ConnAcquireErr, DbErr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;

/// How many writers share one COMMIT. One means that each commits on its own, as the sabotage of the drills needs it.
const MEMBERS_MAX: usize = if cfg!(feature = "sabotage") { 1 } else { 16 };
/// How long the first finished member waits for others: a few syncs of a slow disk, which it would have waited for otherwise.
const SHARED_MAX: Duration = Duration::from_millis(20);
/// How long finished members wait for the one whose turn it is: many times what a write takes. Jobs commit on their own.
pub(super) const STALL_MAX: Duration = Duration::from_secs(1);
/// For how long each writer commits on its own after one has stalled.
const ALONE: Duration = Duration::from_secs(10);

/// The result of a COMMIT.
pub(super) type Outcome = Result<(), DbErr>;

/// The turns of the writers of one database.
pub(crate) struct Groups {
    turn: Arc<Semaphore>,
    /// How many writers wait for their turn.
    waiting: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Between two turns.
    parked: Option<Group>,
    /// Whether a task waits for a turn to commit what is parked if no writer does: always, while something is.
    has_flusher: bool,
    /// No COMMIT is shared until then.
    alone_until: Option<Instant>,
}

/// A transaction whose members have all finished.
struct Group {
    connection: Connection,
    members: Members,
}

/// Those who wait for a COMMIT.
struct Members {
    answers: Vec<oneshot::Sender<Outcome>>,
    /// Those who do not take part in it, or not yet, and have read what it commits.
    observers: Vec<oneshot::Sender<Outcome>>,
    /// When the first of them finished.
    since: Instant,
}

/// The turn of one writer, and the members that have finished before it in the same transaction.
pub(super) struct Seat {
    groups: Arc<Groups>,
    turn: OwnedSemaphorePermit,
    members: Members,
    is_alone: bool,
}

/// How a member ended that does not commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing failed.
    Sound,
    /// A statement failed, or its end was not awaited.
    Failed,
    /// The database is unable to work.
    Unusable,
}

impl Default for Groups {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), waiting: AtomicUsize::new(0), state: Mutex::default() }
    }
}

/// A writer that waits for its turn.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Groups {
    /// Waits for a turn, in the order of arrival. With a connection if members have finished on it: the next one works in a
    /// savepoint.
    pub(super) async fn sit(self: &Arc<Self>, patience: Duration, alone: bool) -> Result<(Seat, Option<Connection>), DbErr> {
        let waiting = Waiting::begin(&self.waiting);
        let turn = timeout(patience, Arc::clone(&self.turn).acquire_owned()).await;
        drop(waiting);
        let Ok(Ok(turn)) = turn else { return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) };
        let (parked, alone_until) = {
            let mut state = self.lock();
            (state.parked.take(), state.alone_until)
        };
        let is_alone = alone || alone_until.is_some_and(|until| Instant::now() < until);
        let seat = Seat { groups: Arc::clone(self), turn, members: Members::default(), is_alone };
        match parked {
            None => Ok((seat, None)),
            Some(group) if is_alone => {
                // A task of its own: it must not end with this writer.
                drop(tokio::spawn(group.commit(true)).await);
                Ok((seat, None))
            }
            Some(Group { connection, members }) => Ok((Seat { members, ..seat }, Some(connection))),
        }
    }

    /// A member has stalled.
    pub(super) fn pause(&self) {
        self.lock().alone_until = Some(Instant::now() + ALONE);
    }

    fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Members {
    fn default() -> Self {
        Self { answers: Vec::new(), observers: Vec::new(), since: Instant::now() }
    }
}

impl Members {
    fn add(&mut self, answer: oneshot::Sender<Outcome>) {
        if self.answers.is_empty() {
            self.since = Instant::now();
        }
        self.answers.push(answer);
    }

    fn are_due(&self) -> bool {
        self.answers.len() >= MEMBERS_MAX || self.since.elapsed() >= SHARED_MAX
    }

    /// One of them may have disconnected.
    fn answer(self, outcome: &Outcome) {
        self.answers.into_iter().chain(self.observers).for_each(|answer| drop(answer.send(outcome.clone())));
    }
}

impl Group {
    /// Afterwards the connection is closed, unless nothing has failed on it.
    async fn commit(self, is_sound: bool) {
        let Self { mut connection, members } = self;
        let commit = connection.words().commit;
        let outcome = connection.send(commit).await.map_err(query_error);
        match &outcome {
            Ok(()) if is_sound => drop(connection),
            Ok(()) | Err(_) => connection.close(),
        }
        members.answer(&outcome);
    }
}

/// The task that commits what is parked. If it ends before, with its runtime, what is parked fails, and another one can begin.
struct Flusher {
    groups: Arc<Groups>,
    is_done: bool,
}

impl Drop for Flusher {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let parked = {
            let mut state = self.groups.lock();
            state.has_flusher = false;
            state.parked.take()
        };
        if let Some(Group { connection, members }) = parked {
            connection.close();
            members.answer(&Err(undone()));
        }
    }
}

/// Commits what is parked once no writer is waiting for it.
async fn flush(mut flusher: Flusher) {
    let groups = Arc::clone(&flusher.groups);
    loop {
        let Ok(turn) = Arc::clone(&groups.turn).acquire_owned().await else { return };
        let group = {
            let mut state = groups.lock();
            match state.parked.take() {
                Some(group) if groups.has_waiting() && !group.members.are_due() => {
                    state.parked = Some(group);
                    None
                }
                taken => {
                    state.has_flusher = false;
                    flusher.is_done = true;
                    if taken.is_none() {
                        return;
                    }
                    taken
                }
            }
        };
        if let Some(group) = group {
            group.commit(true).await;
            return;
        }
        // Behind those that are waiting. One that has not come into the queue yet is about to.
        drop(turn);
        yield_now().await;
    }
}

impl Seat {
    pub(super) fn is_first(&self) -> bool {
        self.members.answers.is_empty()
    }

    /// How the COMMIT of those before this member ends: it reads what they have changed, whether or not it takes part.
    pub(super) fn observe(&mut self) -> Option<oneshot::Receiver<Outcome>> {
        if self.is_first() {
            return None;
        }
        let (observer, outcome) = oneshot::channel();
        self.members.observers.push(observer);
        Some(outcome)
    }

    pub(super) fn groups(&self) -> Arc<Groups> {
        Arc::clone(&self.groups)
    }

    async fn commit(self, connection: Connection, is_sound: bool) {
        let Self { turn, members, .. } = self;
        Group { connection, members }.commit(is_sound).await;
        // The connection is on its way back to the pool by now.
        drop(turn);
    }

    /// Nothing of the transaction remains.
    fn fail(self, connection: Connection) {
        let Self { turn, members, .. } = self;
        connection.close();
        members.answer(&Err(undone()));
        drop(turn);
    }

    /// Commits, or leaves the transaction to the next turn.
    async fn pass_on(self, connection: Connection) {
        if self.is_alone || self.members.are_due() || !self.groups.has_waiting() {
            return self.commit(connection, true).await;
        }
        let Self { groups, turn, members, .. } = self;
        let needs_flusher = {
            let mut state = groups.lock();
            state.parked = Some(Group { connection, members });
            !std::mem::replace(&mut state.has_flusher, true)
        };
        drop(turn);
        if needs_flusher {
            tokio::spawn(flush(Flusher { groups, is_done: false }));
        }
    }
}

/// What the members of a transaction are told that was rolled back through no fault of theirs: unavailable, and nothing was
/// changed.
pub(super) fn undone() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
}

/// Commits a member, or lets it wait for a COMMIT that it shares. Runs in a task of its own, since others may depend on it.
pub(super) async fn finish(mut connection: Connection, mut seat: Seat, answer: oneshot::Sender<Outcome>) {
    let is_single = seat.is_alone || MEMBERS_MAX == 1 || !seat.groups.has_waiting();
    if seat.is_first() && is_single {
        seat.members.add(answer);
        return seat.commit(connection, true).await;
    }
    let refused = match connection.has_debt().await {
        Ok(false) => None,
        Ok(true) => Some((DbErr::Custom("audit: a change without its entry (audit_debt)".to_owned()), Left::Sound)),
        Err(error) => Some((query_error(error), Left::Failed)),
    };
    if let Some((error, left)) = refused {
        drop(answer.send(Err(error)));
        return abandon(connection, seat, left).await;
    }
    if !seat.is_first() {
        let release = connection.words().release;
        if let Err(error) = connection.send(release).await {
            tracing::warn!(%error, "connection closed: could not release a savepoint");
            drop(answer.send(Err(undone())));
            return seat.fail(connection);
        }
    }
    seat.members.add(answer);
    seat.pass_on(connection).await;
}

/// Undoes a member, and nothing of those before it. Runs in a task of its own.
pub(super) async fn abandon(mut connection: Connection, seat: Seat, left: Left) {
    let words = connection.words();
    if seat.is_first() {
        match left {
            Left::Sound => match connection.send(words.rollback).await {
                Ok(()) => drop(connection),
                Err(error) => {
                    tracing::warn!(%error, "connection closed: rollback failed");
                    connection.close();
                }
            },
            Left::Failed | Left::Unusable => connection.close(),
        }
        // After the connection, which is on its way back to the pool.
        return drop(seat);
    }
    // It fails if the database has ended the transaction by itself: then nothing of it remains.
    let undone = match left {
        Left::Sound | Left::Failed => connection.send(words.undo).await,
        Left::Unusable => Err(sqlx::Error::PoolClosed),
    };
    match (undone, left) {
        (Ok(()), Left::Sound) => seat.pass_on(connection).await,
        (Ok(()), Left::Failed | Left::Unusable) => seat.commit(connection, false).await,
        (Err(error), _) => {
            let members = seat.members.answers.len();
            tracing::warn!(%error, members, "connection closed: a shared transaction was rolled back");
            seat.fail(connection);
        }
    }
}
