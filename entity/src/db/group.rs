//! Waiting writers of SQLite share one COMMIT: each waits for its turn, works inside of a savepoint of the same transaction, and
//! is answered after the COMMIT of all. A COMMIT waits for the disk, and SQLite has one writer: with one COMMIT each, sixteen
//! writers wait for sixteen syncs.
//!
//! The first member of a group works in the transaction itself. It commits at once if no other writer is waiting, so that a
//! single writer sends what it always sent. Otherwise connection and transaction pass from turn to turn, until no writer is
//! waiting, `MEMBERS_MAX` have finished, or the first of them has waited for `SHARED_MAX`.
//!
//! - A member without the entries it owes is undone without the others: the database checks that at COMMIT, so it is asked
//!   before. If it finds any, the member has to commit on its own, since they may be another program's.
//! - A member that fails is undone; the others are committed, and the connection is closed, as after any failure. If the
//!   database itself is unable to work (full, I/O error), or has ended the transaction by itself, all fail, none was answered
//!   yet, and nothing is changed.
//! - A member that does not finish within `STALL_MAX` is undone and fails as unavailable. It cannot be set aside instead: a
//!   savepoint ends with the COMMIT of its transaction. Afterwards all writers commit on their own for a while, so that a long
//!   write succeeds when it is repeated.
//! - What a member has read may not be committed yet: a refusal that is based on it waits for that COMMIT (`Unsettled`).
//! - What others depend on runs on the runtime on which the database was opened, which lasts: each of the server's threads has a
//!   runtime of its own, which may be busy, and ends at a stop as soon as it has no connection left.

use super::pool::Lease;
use super::transaction::{query_error, timed_out};
use crate::cause::with_sources;
use sea_orm::{ConnAcquireErr, DbErr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

/// How many writers share one COMMIT. One means that each commits on its own, as the sabotage of the drills needs it.
const MEMBERS_MAX: usize = if cfg!(feature = "sabotage") { 1 } else { 16 };
/// How long the first finished member waits for others: a few syncs of a slow disk, which it would have waited for otherwise.
const SHARED_MAX: Duration = Duration::from_millis(20);
/// How long finished members wait for the one whose turn it is, and for the statement that it is running then: many times what a
/// write takes. What takes long commits on its own.
pub(super) const STALL_MAX: Duration = Duration::from_millis(500);
/// For how long each writer commits on its own after one has stalled.
const UNSHARED_FOR: Duration = Duration::from_secs(10);

/// The result of a COMMIT.
pub(super) type CommitResult = Result<(), DbErr>;

/// The turns of the writers of one database.
pub(crate) struct Groups {
    /// Where tasks run that others depend on.
    runtime: Handle,
    turn: Arc<Semaphore>,
    /// How many writers wait for their turn.
    waiting: AtomicUsize,
    state: Mutex<GroupsState>,
}

#[derive(Default)]
struct GroupsState {
    /// Between two turns.
    parked: Option<Group>,
    /// Whether a task will commit what is parked if no writer takes it in time: always, while something is.
    has_flusher: bool,
    /// No COMMIT is shared until then.
    unshared_until: Option<Instant>,
}

/// A transaction whose members have all finished.
struct Group {
    connection: Lease,
    members: Members,
}

/// Those who wait for a COMMIT.
struct Members {
    answers: Vec<oneshot::Sender<CommitResult>>,
    /// Those who do not take part in it, or not yet, and have read what it commits.
    observers: Vec<oneshot::Sender<CommitResult>>,
    /// When the first of them finished.
    since: Instant,
}

/// The turn of one writer, and the members that have finished before it in the same transaction.
pub(super) struct Seat {
    groups: Arc<Groups>,
    turn: OwnedSemaphorePermit,
    members: Members,
    is_unshared: bool,
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

/// A writer that waits for its turn.
struct WaitingWriter<'a>(&'a AtomicUsize);

impl<'a> WaitingWriter<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for WaitingWriter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Groups {
    /// For a database that is opened on the current runtime.
    pub(super) fn new() -> Arc<Self> {
        let (turn, waiting) = (Arc::new(Semaphore::new(1)), AtomicUsize::new(0));
        Arc::new(Self { runtime: Handle::current(), turn, waiting, state: Mutex::default() })
    }

    /// Runs a task that others depend on: it ends neither with the writer that begins it nor with the writer's runtime.
    pub(super) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime.spawn(task)
    }

    /// Waits for a turn, in the order of arrival. With a connection if members have finished on it: the next one works in a
    /// savepoint.
    pub(super) async fn sit(self: &Arc<Self>, patience: Duration, is_unshared: bool) -> Result<(Seat, Option<Lease>), DbErr> {
        let waiting = WaitingWriter::begin(&self.waiting);
        let turn = timeout(patience, Arc::clone(&self.turn).acquire_owned()).await;
        drop(waiting);
        let Ok(Ok(turn)) = turn else { return Err(timed_out()) };
        let (parked, unshared_until) = {
            let mut state = self.lock();
            (state.parked.take(), state.unshared_until)
        };
        let is_unshared = is_unshared || unshared_until.is_some_and(|until| Instant::now() < until);
        let seat = Seat { groups: Arc::clone(self), turn, members: Members::default(), is_unshared };
        match parked {
            None => Ok((seat, None)),
            Some(group) if is_unshared => {
                drop(self.spawn(group.commit(true)).await);
                Ok((seat, None))
            }
            Some(Group { connection, members }) => Ok((Seat { members, ..seat }, Some(connection))),
        }
    }

    /// A member has stalled.
    pub(super) fn pause(&self) {
        self.lock().unshared_until = Some(Instant::now() + UNSHARED_FOR);
    }

    /// What the flusher has to do. It ends unless there is something to wait for.
    fn due(&self) -> Due {
        let mut state = self.lock();
        let due = match state.parked.take_if(|group| group.members.are_due()) {
            Some(group) => Due::Now(group),
            None => state.parked.as_ref().map_or(Due::Never, |group| Due::At(group.members.due_at())),
        };
        state.has_flusher = matches!(due, Due::At(_));
        due
    }

    fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    fn lock(&self) -> MutexGuard<'_, GroupsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Members {
    fn default() -> Self {
        Self { answers: Vec::new(), observers: Vec::new(), since: Instant::now() }
    }
}

impl Members {
    fn add(&mut self, answer: oneshot::Sender<CommitResult>) {
        if self.answers.is_empty() {
            self.since = Instant::now();
        }
        self.answers.push(answer);
    }

    /// When they are committed at the latest, unless a writer works in their transaction.
    fn due_at(&self) -> Instant {
        self.since + SHARED_MAX
    }

    fn are_due(&self) -> bool {
        self.answers.len() >= MEMBERS_MAX || Instant::now() >= self.due_at()
    }

    /// One of them may have disconnected.
    fn answer(self, outcome: &CommitResult) {
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
            Ok(()) if is_sound => connection.keep(),
            Ok(()) | Err(_) => connection.close(),
        }
        members.answer(&outcome);
    }
}

/// Commits what no writer has taken in time: the one that was waiting is gone, or was given its turn and does not run. It needs
/// no turn: what it has taken is its own, and the next writer waits for the connection.
async fn flush(groups: Arc<Groups>) {
    loop {
        match groups.due() {
            Due::Now(group) => return group.commit(true).await,
            Due::At(instant) => sleep_until(instant.into()).await,
            Due::Never => return,
        }
    }
}

/// When what is parked is committed at the latest.
enum Due {
    Now(Group),
    At(Instant),
    /// Nothing is parked.
    Never,
}

impl Seat {
    pub(super) fn is_first(&self) -> bool {
        self.members.answers.is_empty()
    }

    /// Whether this member commits at once, and no other depends on it.
    pub(super) fn is_single(&self) -> bool {
        self.is_first() && (self.is_unshared || MEMBERS_MAX == 1 || !self.groups.has_waiting())
    }

    /// How the COMMIT of those before this member ends: it reads what they have changed, whether or not it takes part.
    pub(super) fn observe(&mut self) -> Option<oneshot::Receiver<CommitResult>> {
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

    async fn commit(self, connection: Lease, is_sound: bool) {
        let Self { turn, members, .. } = self;
        Group { connection, members }.commit(is_sound).await;
        // The connection is on its way back to the pool by now.
        drop(turn);
    }

    /// Nothing of the transaction remains.
    fn fail(self, connection: Lease) {
        let Self { turn, members, .. } = self;
        connection.close();
        members.answer(&Err(undone()));
        drop(turn);
    }

    /// Commits, or leaves the transaction to the next turn.
    async fn pass_on(self, connection: Lease) {
        if self.is_unshared || self.members.are_due() || !self.groups.has_waiting() {
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
            groups.spawn(flush(Arc::clone(&groups)));
        }
    }
}

/// The error for members of a transaction that was rolled back through no fault of theirs: unavailable, and nothing was changed.
pub(super) fn undone() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
}

/// Commits a member, or lets it wait for a COMMIT that it shares. Runs in a task of its own, since others may depend on it.
pub(super) async fn finish(mut connection: Lease, mut seat: Seat, answer: oneshot::Sender<CommitResult>) {
    match connection.has_debt().await {
        Ok(false) => {}
        // It may be that of another program, which turned foreign keys off. COMMIT distinguishes them: it refuses only
        // that of this transaction. So no other write may depend on it.
        Ok(true) if seat.is_first() => {
            seat.members.add(answer);
            return seat.commit(connection, true).await;
        }
        Ok(true) => {
            tracing::warn!("a write was undone, to be repeated on its own: there is a change without its entry (audit_debt)");
            seat.groups.pause();
            drop(answer.send(Err(undone())));
            return abandon(connection, seat, Left::Sound).await;
        }
        Err(error) => {
            drop(answer.send(Err(query_error(error))));
            return abandon(connection, seat, Left::Failed).await;
        }
    }
    if !seat.is_first() {
        let release = connection.words().release;
        if let Err(error) = connection.send(release).await {
            tracing::warn!(cause = with_sources(&error), "connection closed: could not release a savepoint");
            drop(answer.send(Err(undone())));
            return seat.fail(connection);
        }
    }
    seat.members.add(answer);
    seat.pass_on(connection).await;
}

/// Undoes a member, and nothing of those before it. Runs in a task of its own.
pub(super) async fn abandon(mut connection: Lease, seat: Seat, left: Left) {
    let words = connection.words();
    if seat.is_first() {
        match left {
            Left::Sound => match connection.send(words.rollback).await {
                Ok(()) => connection.keep(),
                Err(error) => {
                    tracing::warn!(cause = with_sources(&error), "connection closed: rollback failed");
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
            tracing::warn!(cause = with_sources(&error), members, "connection closed: a shared transaction was rolled back");
            seat.fail(connection);
        }
    }
}
