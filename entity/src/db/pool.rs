//! A pool of connections, some of which are kept ready between two uses.
//!
//! sqlx sends a ping over each connection that comes back to its pool and waits for the answer: for a single statement that is
//! one round trip more. So a connection that was used without a fault is kept here, and the next use takes it, unless a caller
//! waits for one of sqlx's pool. What was kept for too long goes back there, which tests it and limits how old it becomes.

use super::transaction::{Connection, exec_error, query_error};
use super::{Failures, StatementObserver};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement, metric};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a connection is kept without being used: afterwards it may be lost, as behind a firewall.
const IDLE_MAX: Duration = Duration::from_secs(5);
/// How long it is kept in all.
const KEPT_MAX: Duration = Duration::from_secs(60);

/// Connections for one kind of work.
pub(crate) struct Pool {
    connections: DatabaseConnection,
    ready: Mutex<Vec<Ready>>,
    /// How many wait for a connection of sqlx's pool.
    waiting: AtomicUsize,
    is_closed: AtomicBool,
    failures: Failures,
}

struct Ready {
    connection: Connection,
    /// When it came from sqlx's pool.
    taken_at: Instant,
    used_at: Instant,
}

/// A connection in use. Dropped, it goes back to sqlx's pool, which tests it.
pub(super) struct Lease {
    connection: Connection,
    taken_at: Instant,
    pool: Arc<Pool>,
}

/// A wait for a connection of sqlx's pool, which gets what comes back meanwhile.
pub(super) struct ConnectionWait<'a>(&'a Pool);

impl Drop for ConnectionWait<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    pub(super) fn new(connections: DatabaseConnection, failures: Failures) -> Arc<Self> {
        Arc::new(Self {
            connections,
            ready: Mutex::default(),
            waiting: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            failures,
        })
    }

    /// sqlx's pool, to be used while `waiting`.
    pub(super) fn connections(&self) -> &DatabaseConnection {
        &self.connections
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    /// How many connections are kept ready.
    pub(super) fn kept(&self) -> usize {
        self.lock().len()
    }

    /// A connection, kept or of sqlx's pool.
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Lease, DbErr> {
        // Before looking for one: what comes back after that goes to sqlx's pool.
        let _waiting = self.wait();
        if let Some(Ready { connection, taken_at, .. }) = self.take() {
            return Ok(Lease { connection, taken_at, pool: Arc::clone(self) });
        }
        let connection = Connection::acquire(&self.connections).await?;
        Ok(Lease { connection, taken_at: Instant::now(), pool: Arc::clone(self) })
    }

    /// Begins a wait for a connection of sqlx's pool: one of those that are kept goes back there.
    pub(super) fn waiting(&self) -> ConnectionWait<'_> {
        let waiting = self.wait();
        drop(self.take());
        waiting
    }

    /// Closes the connections, those in use once they are back.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        self.is_closed.store(true, Ordering::Release);
        self.lock().clear();
        self.connections.close_by_ref().await
    }

    fn wait(&self) -> ConnectionWait<'_> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        ConnectionWait(self)
    }

    /// The one that was used last.
    fn take(&self) -> Option<Ready> {
        let mut ready = self.lock();
        if self.is_suspect() {
            ready.clear();
        }
        while let Some(last) = ready.pop() {
            if last.used_at.elapsed() < IDLE_MAX && last.taken_at.elapsed() < KEPT_MAX {
                return Some(last);
            }
        }
        None
    }

    /// Whether a connection may keep damaged pages: SQLite's do after a failure.
    fn is_suspect(&self) -> bool {
        self.backend() == DbBackend::Sqlite && self.failures.are_recent()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Ready>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // sqlx's pool needs a runtime to take a connection back.
        if tokio::runtime::Handle::try_current().is_err() {
            std::mem::take(&mut *self.lock()).into_iter().for_each(|ready| ready.connection.abandon());
        }
    }
}

impl Lease {
    /// Keeps the connection for the next use: nothing is left to be done on it.
    pub(super) fn keep(self) {
        let Self { connection, taken_at, pool } = self;
        let mut ready = pool.lock();
        // Read with the lock: a wait either looks for a kept one after this, or is counted by now.
        let is_wanted = pool.waiting.load(Ordering::Acquire) > 0 || pool.is_closed.load(Ordering::Acquire);
        if !is_wanted && !pool.is_suspect() {
            ready.push(Ready { connection, taken_at, used_at: Instant::now() });
        }
    }

    /// Closes the connection.
    pub(super) fn close(self) {
        self.connection.close();
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Connections for reading, as the rest of the program uses them: each statement on one of its own.
#[derive(Clone)]
pub struct Readers {
    pool: Arc<Pool>,
    watch: Option<StatementObserver>,
}

impl Readers {
    pub(super) fn new(pool: Arc<Pool>, watch: Option<StatementObserver>) -> Self {
        Self { pool, watch }
    }

    pub fn backend(&self) -> DbBackend {
        self.pool.backend()
    }

    pub(super) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Ends a statement: the connection is kept if it succeeded, and otherwise tested before its next use.
    fn end<T>(
        &self,
        lease: Lease,
        statement: &Statement,
        begun_at: Instant,
        result: Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        if result.is_err() {
            self.pool.failures.note();
        } else {
            lease.keep();
        }
        if let Some(watch) = &self.watch {
            watch(&metric::Info { elapsed: begun_at.elapsed(), statement, failed: result.is_err() });
        }
        result
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Readers {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.pool.acquire().await?;
        let begun_at = Instant::now();
        let result = lease.execute(&statement).await;
        self.end(lease, &statement, begun_at, result).map_err(exec_error)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.pool.acquire().await?;
        let statement = Statement::from_string(self.pool.backend(), sql);
        let begun_at = Instant::now();
        let result = lease.execute_unprepared(sql).await;
        self.end(lease, &statement, begun_at, result).map_err(exec_error)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut lease = self.pool.acquire().await?;
        let begun_at = Instant::now();
        let result = lease.query_one(&statement).await;
        self.end(lease, &statement, begun_at, result).map_err(query_error)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.pool.acquire().await?;
        let begun_at = Instant::now();
        let result = lease.query_all(&statement).await;
        self.end(lease, &statement, begun_at, result).map_err(query_error)
    }
}
