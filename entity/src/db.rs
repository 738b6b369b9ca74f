//! Connects to either database: a writer that only `AuditTx` can reach, and readers that can't write.

mod by_place;
mod failure;
mod group;
mod lists;
mod lock_waits;
mod observer;
mod pool;
#[cfg(test)]
mod tests;
mod transaction;
mod unsettled;
mod verb;

pub use by_place::{Columns, Placed, Raw, Stored, by_place, first_by_place, first_row, rows_of, whole_rows};
pub(crate) use by_place::{placed, stored_as_text};
pub use failure::{is_disk_full, is_lock_timeout, is_unavailable};
pub(crate) use failure::{is_lost, is_unsynced};
pub use lists::{any_of, padded};
pub use observer::Observer;
use pool::Pool;
pub use pool::Readers;
pub(crate) use transaction::WriteTransaction;
pub use unsettled::Unsettled;
pub use verb::{Excuses, Verb};

use crate::clock::Clock;
use crate::text::{ADDRESS_ORDER, compare_addresses};
use group::Groups;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use transaction::Terms;

/// The number of connections for each kind of work, and the maximum waiting times for a connection and a lock.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub writers: u32,
    pub readers: u32,
    pub exports: u32,
    /// For a writer's connection and, on PostgreSQL, for a lock; a quarter more for both together. Half of it for a
    /// reader's connection.
    pub patience: Duration,
    /// How long it may take to determine what became of a COMMIT whose connection was lost.
    pub decision: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // One second more than PostgreSQL keeps a transaction whose connection has ended without its knowing.
        let decision = IDLE_TRANSACTION + Duration::from_secs(1);
        // With the feature, what the drill `locked-table` has to notice.
        let patience = Duration::from_secs(if cfg!(feature = "sabotage") { 30 } else { 1 });
        Self { writers: 16, readers: 8, exports: 2, patience, decision }
    }
}

/// The database, as available to the rest of the program.
pub struct Db {
    writer: Arc<Pool>,
    readers: Readers,
    exports: DatabaseConnection,
    /// On SQLite, whose turn it is to write.
    groups: Arc<Groups>,
    limits: Limits,
    clock: Clock,
    watch: Option<StatementObserver>,
    observer: Option<Arc<dyn Observer>>,
    excuses: Excuses,
    written: Arc<Notify>,
    rights_changes: Arc<AtomicU64>,
}

/// The current number of connections for one kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// `writer`, `readers` or `exports`.
    pub pool: &'static str,
    /// The maximum number of connections.
    pub max: u32,
    pub idle: usize,
    pub in_use: usize,
}

/// Is called for every statement: for metrics, and for tests that count statements.
pub type StatementObserver = Arc<dyn Fn(&sea_orm::metric::Info<'_>) + Send + Sync>;

impl Db {
    /// Opens the connections. `excuses` says which tables transactions may write without an entry: `registry::connect` knows
    /// them.
    pub async fn connect(
        url: &str,
        limits: Limits,
        excuses: Excuses,
        clock: Clock,
        watch: Option<StatementObserver>,
    ) -> Result<Self, DbErr> {
        // SQLite has only one writer anyway; a queue in front of one connection is fairer than its busy timeout.
        let writers = if url.starts_with("sqlite:") { 1 } else { limits.writers };
        let open = async |connections, used_to| -> Result<(DatabaseConnection, Failures), DbErr> {
            let failures = Failures::default();
            let noted = failures.clone();
            let options = options(url, connections, limits.patience, used_to);
            let mut connection = Database::connect(closed_after(&failures, options, used_to)).await?;
            let watch = watch.clone();
            connection.set_metric_callback(move |info| {
                if info.failed {
                    noted.note();
                }
                if let Some(watch) = &watch {
                    watch(info);
                }
            });
            Ok((connection, failures))
        };
        let kept = async |connections, used_to| -> Result<Arc<Pool>, DbErr> {
            let (connections, failures) = open(connections, used_to).await?;
            Ok(Pool::new(connections, failures))
        };
        let db = Self {
            writer: kept(writers, Use::Write).await?,
            readers: Readers::new(kept(limits.readers, Use::Read).await?, watch.clone()),
            exports: open(limits.exports, Use::Export).await?.0,
            groups: Groups::new(),
            limits: Limits { writers, ..limits },
            clock,
            watch: watch.clone(),
            observer: None,
            excuses,
            written: Arc::default(),
            rights_changes: Arc::default(),
        };
        db.ensure_no_debt().await?;
        Ok(db)
    }

    /// Notifies an observer of each entry that is written through this.
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Is notified of each commit with entries; for one waiter.
    pub fn written(&self) -> &Arc<Notify> {
        &self.written
    }

    /// How many transactions that may have ended a user's rights have ended, in this process.
    pub fn rights_changes(&self) -> u64 {
        self.rights_changes.load(Ordering::Acquire)
    }

    pub(crate) fn rights_counter(&self) -> &Arc<AtomicU64> {
        &self.rights_changes
    }

    /// Which tables a transaction may write without an entry.
    pub(crate) fn excuses(&self) -> Excuses {
        self.excuses
    }

    pub(crate) fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.observer.clone()
    }

    /// The state of each pool, without querying the database.
    pub fn pools(&self) -> [PoolState; 3] {
        let state = |pool, connection: &DatabaseConnection, kept: usize, max| {
            let (size, idle) = connections(connection);
            PoolState { pool, max, idle: idle + kept, in_use: size.saturating_sub(idle + kept) }
        };
        let (writer, readers) = (&self.writer, self.readers.pool());
        [
            state("writer", writer.connections(), writer.kept(), self.limits.writers),
            state("readers", readers.connections(), readers.kept(), self.limits.readers),
            state("exports", &self.exports, 0, self.limits.exports),
        ]
    }

    /// Connections for reading. The database itself refuses writes on them.
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Closes all connections, those in use once they are back. From then on the database is unavailable.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.writer.close().await?;
        self.readers.pool().close().await?;
        self.exports.close_by_ref().await
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A read transaction that sees one state of the database, regardless of concurrent writes. For reports: 30 s per statement.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let pool = self.readers.pool();
        let waiting = pool.waiting();
        let snapshot = repeatable_read(pool.connections()).await?;
        drop(waiting);
        if snapshot.get_database_backend() == DbBackend::Postgres {
            let longer = Statement::from_string(DbBackend::Postgres, "SELECT set_config('statement_timeout', '30s', true)");
            snapshot.query_one_raw(longer).await?;
        }
        Ok(snapshot)
    }

    /// The same for an export, which may take as long as its reader needs: from a small pool of its own.
    pub async fn export_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        repeatable_read(&self.exports).await
    }

    /// Runs a query on a writer's connection, to determine what applies there.
    pub(crate) async fn query_writer(&self, question: &str) -> Result<Option<QueryResult>, DbErr> {
        let _waiting = self.writer.waiting();
        self.writer.connections().query_one_raw(Statement::from_string(self.writer.backend(), question)).await
    }

    /// How long to wait for a connection or a lock.
    pub fn patience(&self) -> Duration {
        self.limits.patience
    }

    /// How long PostgreSQL may take to answer a statement of a write transaction: its own limit, and time for the network.
    fn answer_time(&self) -> Duration {
        statement_time(self.limits.patience) + Duration::from_secs(1)
    }

    pub(crate) fn decision_patience(&self) -> Duration {
        self.limits.decision
    }

    /// Begins a write, or fails once it has waited a quarter longer than the patience: a 503 serves the next caller better.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, DbErr> {
        self.begin_holding(None).await
    }

    /// The same with locks on rights, on PostgreSQL: `locks` is the statement that takes them.
    pub(crate) async fn begin_holding(&self, locks: Option<&str>) -> Result<WriteTransaction, DbErr> {
        self.begin_write(locks, false).await
    }

    /// The same for one that takes long: on SQLite it shares its COMMIT with no other.
    pub(crate) async fn begin_unshared(&self, locks: Option<&str>) -> Result<WriteTransaction, DbErr> {
        self.begin_write(locks, true).await
    }

    async fn begin_write(&self, locks: Option<&str>, is_unshared: bool) -> Result<WriteTransaction, DbErr> {
        let (patience, answer_time, watch) = (self.limits.patience, self.answer_time(), self.watch.clone());
        let terms = Terms { patience, answer_time, watch, locks, is_unshared };
        WriteTransaction::begin(&self.writer, &self.groups, terms).await
    }

    /// A program that turned SQLite's foreign keys off may have left changes without entries.
    async fn ensure_no_debt(&self) -> Result<(), DbErr> {
        if self.readers.backend() == DbBackend::Sqlite {
            let debt = Statement::from_string(DbBackend::Sqlite, "SELECT 1 FROM audit_debt LIMIT 1");
            if self.readers.query_one_raw(debt).await?.is_some() {
                return Err(DbErr::Custom("audit: the database contains changes without audit entries (audit_debt)".into()));
            }
        }
        Ok(())
    }
}

/// The number of connections in a pool, and how many of them are idle.
#[expect(clippy::disallowed_methods, reason = "counts connections without using any")]
fn connections(connection: &DatabaseConnection) -> (usize, usize) {
    let (size, idle) = match connection.get_database_backend() {
        DbBackend::Postgres => {
            let pool = connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => {
            let pool = connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
    };
    (usize::try_from(size).unwrap_or(usize::MAX), idle)
}

async fn repeatable_read(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
    // SQLite's readers see one state by themselves and have no isolation levels.
    let snapshot = TransactionOptions {
        isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
        access_mode: is_postgres.then_some(AccessMode::ReadOnly),
        sqlite_transaction_mode: (!is_postgres).then_some(SqliteTransactionMode::Deferred),
    };
    #[expect(clippy::disallowed_methods, reason = "a read transaction; its connections can't write")]
    connection.begin_with_options(snapshot).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Write,
    Read,
    Export,
}

fn options(url: &str, connections: u32, patience: Duration, used_to: Use) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(patience_of(used_to, patience))
        .connect_timeout(Duration::from_secs(2))
        // sqlx pings before every acquire, which would be one more round trip per transaction.
        .test_before_acquire_if_idle_for(Duration::from_secs(5))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| sqlite(options, patience, used_to))
        .map_sqlx_postgres_opts(move |options| postgres(options, patience, used_to))
        .map_sqlx_postgres_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_back(connection))));
    options
}

/// The time of the last failed statement of a pool.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Option<Instant>>>);

impl Failures {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn are_recent(&self) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|at| at.elapsed() < RECENTLY)
    }
}

/// How long after a failure the connection on which it happened may take to return to the pool.
const RECENTLY: Duration = Duration::from_secs(1);

/// On SQLite a connection keeps the pages it has read, including damaged ones, until something is committed. It isn't known on
/// which connection a failure occurred, and a new one costs little: those that return soon after a failure are closed.
fn closed_after(failures: &Failures, mut options: ConnectOptions, used_to: Use) -> ConnectOptions {
    let failures = failures.clone();
    options.map_sqlx_sqlite_pool_opts(move |pool| {
        let failures = failures.clone();
        // A writer holds the lock that others wait for: it yields to none.
        let pool = match used_to {
            Use::Read | Use::Export => pool.after_connect(|connection, _| Box::pin(yield_processor(connection))),
            Use::Write => pool,
        };
        pool.after_release(move |connection, _| {
            let is_suspect = failures.are_recent();
            Box::pin(async move { Ok(!is_suspect && is_back(connection).await?) })
        })
    });
    options
}

/// After how many of its instructions a query of SQLite yields the processor: a tenth of a millisecond of a text search, of which
/// the call costs about one per cent.
const STEPS: i32 = 200;

/// Makes the queries of a connection yield the processor again and again. They run in threads of this process, and a long one
/// would otherwise delay short requests, even more so if there are more long queries than processors.
async fn yield_processor(connection: &mut sqlx::SqliteConnection) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(STEPS, || {
        std::thread::yield_now();
        true
    });
    Ok(())
}

/// Whether a returning connection is no longer in a transaction; otherwise the pool closes it. The ping waits for a rollback that
/// may still be in progress: a failed rollback, as after an I/O error, leaves the count of open transactions unchanged.
async fn is_back<C: sqlx::Connection>(connection: &mut C) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// A request reads its caller before it writes, so the wait for a reader is half as long.
fn patience_of(used_to: Use, patience: Duration) -> Duration {
    match used_to {
        Use::Write => patience,
        Use::Read | Use::Export => patience / 2,
    }
}

/// sqlx sets none of these by default except the foreign keys.
fn sqlite(options: SqliteConnectOptions, patience: Duration, used_to: Use) -> SqliteConnectOptions {
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // After the wait for the single writer connection: against other processes, such as a backup.
        .busy_timeout(transaction::busy_timeout(patience))
        .foreign_keys(true)
        .pragma("recursive_triggers", "ON")
        .pragma("trusted_schema", "OFF")
        .collation(ADDRESS_ORDER, compare_addresses);
    match used_to {
        // The operating system keeps pages too, and there are many such connections. As much as a sort keeps in memory in any
        // case.
        Use::Read | Use::Export => options.pragma("query_only", "ON").pragma("cache_size", kib(1_000)),
        // What a savepoint keeps for its undoing needs no folder that can be written. There is one such connection, and others
        // wait while it reads.
        Use::Write => options.pragma("temp_store", "MEMORY").pragma("cache_size", kib(4_000)),
    }
}

/// The size of a connection's cache of pages, as SQLite's pragma has it.
fn kib(size: u32) -> String {
    format!("-{size}")
}

/// How long PostgreSQL keeps a transaction without queries.
const IDLE_TRANSACTION: Duration = Duration::from_secs(5);

/// How many statements stay prepared on a connection. Several statements of the service have lists of up to nine
/// lengths (`padded`); sqlx keeps 100, and beyond that prepares the least recently used ones again and again.
const PREPARED_MAX: usize = 256;

/// Waiting for a lock counts as part of a statement.
fn statement_time(patience: Duration) -> Duration {
    Duration::from_secs(3).max(patience * 2)
}

fn postgres(options: PgConnectOptions, patience: Duration, used_to: Use) -> PgConnectOptions {
    let lock_timeout = patience_of(used_to, patience);
    let options = options.options([("lock_timeout", format!("{}ms", lock_timeout.as_millis()))]);
    // Regardless of the database's default: a statement sees what was committed before it.
    let options = options.options([("default_transaction_isolation", "read committed")]);
    let options = options.statement_cache_capacity(PREPARED_MAX);
    let bounded = [("statement_timeout", statement_time(patience)), ("idle_in_transaction_session_timeout", IDLE_TRANSACTION)];
    let bounded = bounded.map(|(name, time)| (name, format!("{}ms", time.as_millis())));
    match used_to {
        Use::Write => options.options(bounded).options([("synchronous_commit", "on")]),
        // A scan uses one processor of the server, so that the budget of scans bounds what they cost other statements.
        Use::Read => {
            options.options(bounded).options([("default_transaction_read_only", "on"), ("max_parallel_workers_per_gather", "0")])
        }
        Use::Export => options.options([("default_transaction_read_only", "on")]),
    }
}

/// Whether a URL names a database, including host, port and options. The driver's own messages repeat parts of the URL, which
/// contains a password.
pub fn is_readable(url: &str) -> bool {
    if url.starts_with("sqlite:") { url.parse::<SqliteConnectOptions>().is_ok() } else { url.parse::<PgConnectOptions>().is_ok() }
}
