//! A write transaction that owns its connection: a connection on which anything went wrong is closed and never used again.
//!
//! sqlx counts transactions by itself and treats a BEGIN inside a transaction as a savepoint. SQLite ends a transaction on its
//! own when its disk is full; from then on the count is wrong, and a COMMIT only ends a savepoint of a transaction that never
//! ends. So BEGIN, COMMIT and ROLLBACK are sent verbatim: the database refuses a BEGIN inside a transaction.
//!
//! On SQLite it may be one member of a transaction that waiting writers share (`group.rs`): then a savepoint is what it begins,
//! and what is undone if it does not commit.

use super::group::{self, CommitResult, Groups, Left, STALL_MAX, Seat, undone};
use super::lock_waits::{LockWaits, set_lock_timeout, waits_max};
use super::pool::{Lease, Pool};
use super::{StatementObserver, Unsettled, failure};
use crate::cause::with_sources;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, metric,
};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Database, Postgres, Sqlite};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, oneshot};
use tokio::time::{sleep, timeout};

#[cfg(all(feature = "sabotage", not(debug_assertions)))]
compile_error!("the feature `sabotage` deliberately breaks the service and is for drills only");

/// The SQLite statements to begin, commit, and roll back. BEGIN acquires the write lock at once: a transaction that reads first
/// and then writes would fail without waiting.
const SQLITE: Words = Words { begin: "BEGIN IMMEDIATE", commit: "COMMIT", rollback: "ROLLBACK", ..MEMBER };
/// A COMMIT that ends a savepoint instead of the transaction, as a sabotage.
const SAVEPOINTS: Words = Words { begin: "SAVEPOINT one", commit: "RELEASE one", rollback: "ROLLBACK TO one", ..MEMBER };

/// DEFERRABLE can only be set before the first query of a transaction, so a BEGIN inside a transaction is an error.
const POSTGRES: Words = Words {
    begin: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE",
    commit: "COMMIT",
    rollback: "ROLLBACK",
    ..MEMBER
};

/// The statements of a member of a shared transaction; only SQLite's are shared.
const MEMBER: Words = Words {
    begin: "",
    commit: "",
    rollback: "",
    join: "SAVEPOINT member",
    release: "RELEASE member",
    undo: "ROLLBACK TO member; RELEASE member",
};

/// Whether a drill has this fault in place of what it tests, which only a build for drills can have.
fn is_sabotaged(fault: &str) -> bool {
    cfg!(feature = "sabotage") && std::env::var_os("SABOTAGE").is_some_and(|chosen| chosen == fault)
}

pub(super) struct Words {
    pub begin: &'static str,
    pub commit: &'static str,
    pub rollback: &'static str,
    pub join: &'static str,
    pub release: &'static str,
    pub undo: &'static str,
}

/// How many connections BEGIN tries if they turn out to be lost or in an invalid state.
const ATTEMPTS_MAX: u32 = 20;

/// A transaction that is open on a connection of the writers' pool. It is rolled back when dropped.
pub struct WriteTransaction {
    /// `None` once it has ended, or was ended because it stalled.
    held: Arc<Mutex<Option<Held>>>,
    /// Whether every statement so far completed without an error. False while a statement is in progress.
    is_sound: AtomicBool,
    /// Whether a statement failed because the database is unable to work.
    is_unusable: AtomicBool,
    /// Of a member of a shared transaction: the COMMIT of those before it, whose changes it has read. `None` once it takes part.
    basis: Option<oneshot::Receiver<CommitResult>>,
    backend: DbBackend,
    /// How long a statement may take to be answered. PostgreSQL ends it earlier; without this, one to a server that vanished
    /// would wait until TCP gives up, after a quarter of an hour.
    answer_time: Duration,
    lock_waits: LockWaits,
    watch: Option<StatementObserver>,
}

pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// What a transaction has while it is open.
struct Held {
    connection: Lease,
    /// On SQLite, its turn to write.
    seat: Option<Seat>,
}

/// How a transaction begins: how long it may wait, and for what.
pub(crate) struct Terms<'a> {
    /// How long it waits for a connection, and on PostgreSQL for a lock; a quarter longer for both together.
    pub patience: Duration,
    /// How long PostgreSQL may take to answer a statement.
    pub answer_time: Duration,
    pub watch: Option<StatementObserver>,
    /// A statement that takes PostgreSQL's locks on rights. It is sent with BEGIN, which saves a round trip, and is a statement
    /// of its own all the same: the statements after it see what was committed before the locks were granted.
    pub locks: Option<&'a str>,
    /// Whether it shares its COMMIT with no other, since it takes long.
    pub is_unshared: bool,
}

impl WriteTransaction {
    pub(crate) async fn begin(pool: &Arc<Pool>, groups: &Arc<Groups>, terms: Terms<'_>) -> Result<Self, DbErr> {
        let begun_at = Instant::now();
        let mut seat = None;
        if pool.backend() == DbBackend::Sqlite {
            Unsettled::settle_earlier().await?;
            let (own, shared) = groups.sit(waits_max(terms.patience) - busy_timeout(terms.patience), terms.is_unshared).await?;
            match shared {
                Some(connection) => return Self::new(connection, Some(own), &terms, begun_at).join(groups).await,
                None => seat = Some(own),
            }
        }
        let mut attempt = 1;
        loop {
            let left = waits_max(terms.patience).saturating_sub(begun_at.elapsed());
            let connection = timeout(left, pool.acquire()).await.unwrap_or(Err(timed_out()))?;
            // From here until BEGIN was answered, dropping it closes the connection.
            let tx = Self::new(connection, seat.take(), &terms, begun_at);
            match tx.open(&terms).await {
                Ok(()) => return Ok(tx),
                Err(error) if failure::is_stale(&error) && attempt < ATTEMPTS_MAX && begun_at.elapsed() < terms.patience => {
                    tracing::warn!(
                        cause = with_sources(&error),
                        attempt,
                        "pooled connection closed: could not begin a transaction"
                    );
                    seat = tx.close();
                    attempt += 1;
                }
                // A standby serves reads only, until it is promoted.
                Err(error) if failure::is_standby(&error) => return Err(DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
                Err(error) => return Err(query_error(error)),
            }
        }
    }

    fn new(connection: Lease, mut seat: Option<Seat>, terms: &Terms<'_>, begun_at: Instant) -> Self {
        let (backend, basis) = (connection.backend(), seat.as_mut().and_then(Seat::observe));
        Self {
            basis,
            held: Arc::new(Mutex::new(Some(Held { connection, seat }))),
            is_sound: AtomicBool::new(false),
            is_unusable: AtomicBool::new(false),
            backend,
            answer_time: terms.answer_time,
            lock_waits: LockWaits::new(begun_at, terms.patience, terms.is_unshared),
            watch: terms.watch.clone(),
        }
    }

    async fn open(&self, terms: &Terms<'_>) -> Result<(), sqlx::Error> {
        let mut held = self.held.lock().await;
        let Some(Held { connection, .. }) = held.as_mut() else { return Err(sqlx::Error::BeginFailed) };
        answered(self.backend, self.answer_time, connection.begin(&self.lock_waits, terms.locks)).await?;
        self.is_sound.store(true, Ordering::Release);
        Ok(())
    }

    /// Joins the members that have finished, who wait for this one, but not for long.
    async fn join(self, groups: &Groups) -> Result<Self, DbErr> {
        if let Some(Held { connection, .. }) = self.held.lock().await.as_mut() {
            let join = connection.words().join;
            connection.send(join).await.map_err(query_error)?;
        }
        self.is_sound.store(true, Ordering::Release);
        let held = Arc::clone(&self.held);
        groups.spawn(async move {
            sleep(STALL_MAX).await;
            // After the statement that is running: to interrupt it would end the transaction of all.
            let stalled = held.lock().await.take();
            if let Some(Held { connection, seat: Some(seat) }) = stalled {
                tracing::warn!("a write was undone: it kept others waiting for {} ms and more", STALL_MAX.as_millis());
                seat.groups().pause();
                group::abandon(connection, seat, Left::Failed).await;
            }
        });
        Ok(self)
    }

    /// Closes the connection of a transaction that could not be begun, and returns the turn.
    fn close(self) -> Option<Seat> {
        let Held { connection, seat } = self.held.try_lock().ok()?.take()?;
        connection.close();
        seat
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut held = self.held.lock().await;
        let step = self.step(statement);
        let result = match held.as_mut() {
            Some(Held { connection, .. }) => self.answered(connection, async |one| one.execute(statement).await).await,
            None => Err(sqlx::Error::PoolClosed),
        };
        step.end(result).map_err(exec_error)
    }

    pub(crate) async fn query_one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut held = self.held.lock().await;
        let step = self.step(statement);
        let result = match held.as_mut() {
            Some(Held { connection, .. }) => self.answered(connection, async |one| one.query_one(statement).await).await,
            None => Err(sqlx::Error::PoolClosed),
        };
        step.end(result).map_err(query_error)
    }

    pub(crate) async fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut held = self.held.lock().await;
        let step = self.step(statement);
        let result = match held.as_mut() {
            Some(Held { connection, .. }) => self.answered(connection, async |one| one.query_all(statement).await).await,
            None => Err(sqlx::Error::PoolClosed),
        };
        step.end(result).map_err(query_error)
    }

    /// Commits. On any error the connection is closed, which rolls back what is not committed.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        if is_sabotaged("early-acknowledgement") {
            tokio::spawn(async move {
                sleep(Duration::from_millis(50)).await;
                drop(self.commit_now().await);
            });
            return Ok(());
        }
        self.commit_now().await
    }

    async fn commit_now(mut self) -> Result<(), DbErr> {
        let Some((connection, seat)) = self.take_seat().await? else { return self.end(|words| words.commit).await };
        self.basis = None;
        if seat.is_single() {
            *self.held.lock().await = Some(Held { connection, seat: Some(seat) });
            return self.end(|words| words.commit).await;
        }
        let (answer, outcome) = oneshot::channel();
        seat.groups().spawn(group::finish(connection, seat, answer));
        // Without an outcome, as when the process is ending, it counts as lost: it may have been committed.
        let lost = || DbErr::Conn(RuntimeErr::Internal("the outcome of a shared COMMIT is unknown".to_owned()));
        outcome.await.unwrap_or_else(|_| Err(lost()))
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        let Some((connection, seat)) = self.take_seat().await? else { return self.end(|words| words.rollback).await };
        // `Err` if the process is ending.
        drop(seat.groups().spawn(group::abandon(connection, seat, Left::Sound)).await);
        Ok(())
    }

    /// The end begins: on SQLite with the connection and the turn, which belong to a task from then on.
    async fn take_seat(&self) -> Result<Option<(Lease, Seat)>, DbErr> {
        let was_sound = self.is_sound.swap(false, Ordering::AcqRel);
        let mut slot = self.held.lock().await;
        match slot.take() {
            // It stalled, and was ended.
            None => Err(undone()),
            Some(Held { connection, seat: Some(seat) }) if was_sound => Ok(Some((connection, seat))),
            held => {
                *slot = held;
                let failed = || DbErr::Conn(RuntimeErr::Internal("a statement of this transaction failed".to_owned()));
                if was_sound { Ok(None) } else { Err(failed()) }
            }
        }
    }

    async fn end(self, how: impl Fn(&Words) -> &'static str) -> Result<(), DbErr> {
        let mut slot = self.held.lock().await;
        let Some(Held { connection, .. }) = slot.as_mut() else { return Err(undone()) };
        let word = how(connection.words());
        answered(self.backend, self.answer_time, connection.send(word)).await.map_err(query_error)?;
        // Until here dropping it would close it.
        if let Some(Held { connection, seat }) = slot.take() {
            connection.keep();
            drop(seat);
        }
        Ok(())
    }

    /// The answer to a statement, which waits no longer for a lock than is left of the transaction's patience.
    async fn answered<T>(
        &self,
        connection: &mut Lease,
        send: impl AsyncFnOnce(&mut Connection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        answered(self.backend, self.answer_time, async {
            if self.backend == DbBackend::Postgres
                && let Some(limit) = self.lock_waits.changed()
            {
                connection.send(&set_lock_timeout(limit)).await?;
            }
            send(connection).await
        })
        .await
    }

    /// Starts a statement; unless it ends without an error (also if no one awaits its end), the connection is closed.
    fn step<'a>(&'a self, statement: &'a Statement) -> RunningStatement<'a> {
        let was_sound = self.is_sound.swap(false, Ordering::AcqRel);
        RunningStatement { tx: self, statement, was_sound, begun_at: Instant::now() }
    }
}

/// Allows queries before `AuditTx` guards the connection.
#[async_trait::async_trait]
impl ConnectionTrait for WriteTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.execute(&statement).await
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(DbErr::Custom("only prepared statements are supported here".to_owned()))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.query_one(&statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.query_all(&statement).await
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        // Also if it was ended because it stalled: what it has read may be in the answer all the same.
        if let Some(basis) = self.basis.take() {
            Unsettled::note(basis);
        }
        // What is locked is being ended because it stalled.
        let held = self.held.try_lock().ok().and_then(|mut slot| slot.take());
        let Some(Held { mut connection, seat }) = held else { return };
        let is_sound = *self.is_sound.get_mut();
        let Ok(runtime) = Handle::try_current() else { return connection.close() };
        if let Some(seat) = seat {
            let left = match (is_sound, *self.is_unusable.get_mut()) {
                (true, _) => Left::Sound,
                (false, false) => Left::Failed,
                (false, true) => Left::Unusable,
            };
            drop(seat.groups().spawn(group::abandon(connection, seat, left)));
        } else if is_sound {
            let (backend, answer_time) = (self.backend, self.answer_time);
            runtime.spawn(async move {
                let rollback = connection.words().rollback;
                match answered(backend, answer_time, connection.send(rollback)).await {
                    Ok(()) => connection.keep(),
                    Err(error) => {
                        tracing::warn!(cause = with_sources(&error), "connection closed: rollback failed");
                        connection.close();
                    }
                }
            });
        } else {
            connection.close();
        }
    }
}

struct RunningStatement<'a> {
    tx: &'a WriteTransaction,
    statement: &'a Statement,
    was_sound: bool,
    begun_at: Instant,
}

impl RunningStatement<'_> {
    fn end<T>(self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if let Some(watch) = &self.tx.watch {
            watch(&metric::Info { elapsed: self.begun_at.elapsed(), statement: self.statement, failed: result.is_err() });
        }
        if result.as_ref().is_err_and(failure::is_unusable) {
            self.tx.is_unusable.store(true, Ordering::Release);
        }
        self.tx.is_sound.store(self.was_sound && result.is_ok(), Ordering::Release);
        result
    }
}

impl Connection {
    /// A connection of sqlx's pool.
    #[expect(clippy::disallowed_methods, reason = "the transaction that AuditTx opens owns its connection")]
    pub(super) async fn acquire(pool: &DatabaseConnection) -> Result<Self, DbErr> {
        let acquired = match pool.get_database_backend() {
            DbBackend::Postgres => pool.get_postgres_connection_pool().acquire().await.map(Self::Postgres),
            _ => pool.get_sqlite_connection_pool().acquire().await.map(Self::Sqlite),
        };
        acquired.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => timed_out(),
            sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
            error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
        })
    }

    fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<ExecResult, sqlx::Error> {
        match self {
            Self::Sqlite(one) => query(statement).execute(&mut **one).await.map(ExecResult::from),
            Self::Postgres(one) => query(statement).execute(&mut **one).await.map(ExecResult::from),
        }
    }

    pub(super) async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(one) => sql.execute(&mut **one).await.map(ExecResult::from),
            Self::Postgres(one) => sql.execute(&mut **one).await.map(ExecResult::from),
        }
    }

    pub(super) async fn query_one(&mut self, statement: &Statement) -> Result<Option<QueryResult>, sqlx::Error> {
        match self {
            // All rows: SQLite checks foreign keys after it has returned the last one.
            Self::Sqlite(one) => query(statement).fetch_all(&mut **one).await.map(|rows| rows.into_iter().next().map(Into::into)),
            Self::Postgres(one) => query(statement).fetch_optional(&mut **one).await.map(|row| row.map(Into::into)),
        }
    }

    pub(super) async fn query_all(&mut self, statement: &Statement) -> Result<Vec<QueryResult>, sqlx::Error> {
        match self {
            Self::Sqlite(one) => query(statement).fetch_all(&mut **one).await.map(results),
            Self::Postgres(one) => query(statement).fetch_all(&mut **one).await.map(results),
        }
    }

    /// Drops the connection without a pool that takes it back.
    pub(super) fn abandon(self) {
        match self {
            Self::Sqlite(one) => drop(one.leak()),
            Self::Postgres(one) => drop(one.leak()),
        }
    }

    /// Begins a transaction; the database itself refuses to do so inside another one.
    async fn begin(&mut self, waits: &LockWaits, locks: Option<&str>) -> Result<(), sqlx::Error> {
        let is_counted = match self {
            Self::Sqlite(one) => one.is_in_transaction(),
            Self::Postgres(one) => one.is_in_transaction(),
        };
        if is_counted {
            return Err(sqlx::Error::BeginFailed);
        }
        match self {
            Self::Sqlite(_) => self.send(self.words().begin).await,
            Self::Postgres(_) => self.send(&postgres_begin(waits.at_begin(), locks)).await,
        }
    }

    pub(super) fn words(&self) -> &'static Words {
        match self {
            Self::Sqlite(_) if is_sabotaged("open-savepoints") => &SAVEPOINTS,
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    pub(super) async fn send(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        self.execute_unprepared(sql).await.map(drop)
    }

    /// Whether a change has no entry yet, which COMMIT would refuse: the only deferred constraint of SQLite's schema.
    pub(super) async fn has_debt(&mut self) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite(one) => {
                sqlx::query("SELECT 1 FROM audit_debt LIMIT 1").fetch_optional(&mut **one).await.map(|row| row.is_some())
            }
            Self::Postgres(_) => Ok(false),
        }
    }

    pub(super) fn close(self) {
        match self {
            Self::Sqlite(_) if is_sabotaged("open-savepoints") => {}
            Self::Sqlite(mut one) => one.close_on_drop(),
            Self::Postgres(mut one) => one.close_on_drop(),
        }
    }
}

/// How long SQLite waits for a lock that another process holds.
pub(super) fn busy_timeout(patience: Duration) -> Duration {
    patience / 2
}

/// BEGIN and what is sent with it. The longer the transaction waited for a connection, the shorter it waits for locks.
fn postgres_begin(lock_timeout: Option<u64>, locks: Option<&str>) -> String {
    let shorter = lock_timeout.map(|limit| format!("; {}", set_lock_timeout(limit)));
    let locks = locks.map(|locks| format!("; {locks}"));
    [POSTGRES.begin, &shorter.unwrap_or_default(), &locks.unwrap_or_default()].concat()
}

/// The answer of PostgreSQL, or an error after the time that it may take. No network is between the service and SQLite.
async fn answered<T>(
    backend: DbBackend,
    answer_time: Duration,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match backend {
        DbBackend::Postgres => {
            timeout(answer_time, statement).await.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
        }
        _ => statement.await,
    }
}

fn query<DB: Database>(statement: &Statement) -> Query<'_, DB, SqlxValues>
where
    SqlxValues: sqlx::IntoArguments<DB>,
{
    let values = statement.values.clone().unwrap_or_else(|| sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn results<R: Into<QueryResult>>(rows: Vec<R>) -> Vec<QueryResult> {
    rows.into_iter().map(Into::into).collect()
}

pub(super) fn timed_out() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}

pub(super) fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

pub(super) fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
