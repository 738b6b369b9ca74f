//! A write transaction that owns its connection: a connection on which anything went wrong is closed and never used again.
//!
//! sqlx counts transactions by itself and treats a BEGIN inside a transaction as a savepoint. SQLite ends a transaction on its
//! own when its disk is full; from then on the count is wrong, and a COMMIT only ends a savepoint of a transaction that never
//! ends. So BEGIN, COMMIT and ROLLBACK are sent verbatim: the database refuses a BEGIN inside a transaction.

use super::{Watch, failure};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, metric,
};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Database, Postgres, Sqlite};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

#[cfg(all(feature = "sabotage", not(debug_assertions)))]
compile_error!("the feature `sabotage` deliberately breaks the service and is for drills only");

/// The SQLite statements to begin, commit, and roll back. BEGIN acquires the write lock at once: a transaction that reads first
/// and then writes would fail without waiting.
#[cfg(not(feature = "sabotage"))]
const SQLITE: Words = Words { begin: "BEGIN IMMEDIATE", commit: "COMMIT", rollback: "ROLLBACK" };
/// The behaviour from when the pool counted transactions by itself.
#[cfg(feature = "sabotage")]
const SQLITE: Words = Words { begin: "SAVEPOINT one", commit: "RELEASE one", rollback: "ROLLBACK TO one" };

/// DEFERRABLE can only be set before the first query of a transaction, so a BEGIN inside a transaction is an error.
const POSTGRES: Words =
    Words { begin: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE", commit: "COMMIT", rollback: "ROLLBACK" };

struct Words {
    begin: &'static str,
    commit: &'static str,
    rollback: &'static str,
}

/// How many connections BEGIN tries if they turn out to be lost or in an invalid state.
const ATTEMPTS_MAX: u32 = 20;

/// A transaction that is open on a connection of the writers' pool. It is rolled back when dropped.
pub struct WriteTransaction {
    /// `None` once it has ended.
    connection: Mutex<Option<Connection>>,
    /// Whether every statement so far completed without an error. False while a statement is in progress.
    is_sound: AtomicBool,
    backend: DbBackend,
    /// How long a statement may take to be answered. PostgreSQL ends it earlier; without this, one to a server that vanished
    /// would wait until TCP gives up, after a quarter of an hour.
    answer_time: Duration,
    watch: Option<Watch>,
}

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl WriteTransaction {
    /// Waits at most `patience` for a connection, and on PostgreSQL for a lock; one and a half times as long for both together.
    ///
    /// `locks` is a statement that takes PostgreSQL's locks on rights. It is sent with BEGIN, which saves a round trip, and is a
    /// statement of its own all the same: the statements after it see what was committed before the locks were granted.
    pub(crate) async fn begin(
        pool: &DatabaseConnection,
        patience: Duration,
        answer_time: Duration,
        watch: Option<Watch>,
        locks: Option<&str>,
    ) -> Result<Self, DbErr> {
        let begun_at = Instant::now();
        let mut attempt = 1;
        loop {
            let connection = Connection::acquire(pool).await?;
            // From here until BEGIN was answered, dropping it closes the connection.
            let backend = connection.backend();
            let mut tx = Self {
                connection: Mutex::new(Some(connection)),
                is_sound: AtomicBool::new(false),
                backend,
                answer_time,
                watch: watch.clone(),
            };
            match tx.open(patience, begun_at.elapsed(), locks).await {
                Ok(()) => return Ok(tx),
                Err(error) if failure::is_stale(&error) && attempt < ATTEMPTS_MAX && begun_at.elapsed() < patience => {
                    tracing::warn!(%error, attempt, "pooled connection closed: could not begin a transaction");
                    attempt += 1;
                }
                // A standby serves reads only, until it is promoted.
                Err(error) if failure::is_standby(&error) => return Err(DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
                Err(error) => return Err(query_error(error)),
            }
        }
    }

    async fn open(&mut self, patience: Duration, waited: Duration, locks: Option<&str>) -> Result<(), sqlx::Error> {
        let Some(connection) = self.connection.get_mut() else { return Err(sqlx::Error::BeginFailed) };
        answered(self.backend, self.answer_time, connection.begin(patience, waited, locks)).await?;
        *self.is_sound.get_mut() = true;
        Ok(())
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut connection = self.connection.lock().await;
        let step = self.step(statement);
        let result = match connection.as_mut() {
            Some(Connection::Sqlite(one)) => query(statement).execute(&mut **one).await.map(ExecResult::from),
            Some(Connection::Postgres(one)) => {
                answered(self.backend, self.answer_time, query(statement).execute(&mut **one)).await.map(ExecResult::from)
            }
            None => Err(sqlx::Error::PoolClosed),
        };
        step.end(result).map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }

    pub(crate) async fn query_one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut connection = self.connection.lock().await;
        let step = self.step(statement);
        let result = match connection.as_mut() {
            Some(Connection::Sqlite(one)) => query(statement).fetch_optional(&mut **one).await.map(|row| row.map(Into::into)),
            Some(Connection::Postgres(one)) => {
                answered(self.backend, self.answer_time, query(statement).fetch_optional(&mut **one))
                    .await
                    .map(|row| row.map(Into::into))
            }
            None => Err(sqlx::Error::PoolClosed),
        };
        step.end(result).map_err(query_error)
    }

    pub(crate) async fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut connection = self.connection.lock().await;
        let step = self.step(statement);
        let result = match connection.as_mut() {
            Some(Connection::Sqlite(one)) => query(statement).fetch_all(&mut **one).await.map(results),
            Some(Connection::Postgres(one)) => {
                answered(self.backend, self.answer_time, query(statement).fetch_all(&mut **one)).await.map(results)
            }
            None => Err(sqlx::Error::PoolClosed),
        };
        step.end(result).map_err(query_error)
    }

    /// Commits. On any error the connection is closed, which rolls back what is not committed.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.end(|words| words.commit).await
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.end(|words| words.rollback).await
    }

    async fn end(mut self, how: impl Fn(&Words) -> &'static str) -> Result<(), DbErr> {
        let was_sound = self.is_sound.swap(false, Ordering::AcqRel);
        let Some(connection) = self.connection.get_mut().as_mut().filter(|_| was_sound) else {
            return Err(DbErr::Conn(RuntimeErr::Internal("a statement of this transaction failed".to_owned())));
        };
        answered(self.backend, self.answer_time, connection.send(how(connection.words()))).await.map_err(query_error)?;
        // Return it to the pool; until here dropping it would close it.
        drop(self.connection.get_mut().take());
        Ok(())
    }

    /// Starts a statement; unless it ends without an error (also if no one awaits its end), the connection is closed.
    fn step<'a>(&'a self, statement: &'a Statement) -> Step<'a> {
        let was_sound = self.is_sound.swap(false, Ordering::AcqRel);
        Step { tx: self, statement, was_sound, begun_at: Instant::now() }
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
        let Some(mut connection) = self.connection.get_mut().take() else { return };
        let Some(runtime) = tokio::runtime::Handle::try_current().ok().filter(|_| *self.is_sound.get_mut()) else {
            return connection.close();
        };
        let (backend, answer_time) = (self.backend, self.answer_time);
        runtime.spawn(async move {
            if let Err(error) = answered(backend, answer_time, connection.send(connection.words().rollback)).await {
                tracing::warn!(%error, "connection closed: rollback failed");
                connection.close();
            }
        });
    }
}

struct Step<'a> {
    tx: &'a WriteTransaction,
    statement: &'a Statement,
    was_sound: bool,
    begun_at: Instant,
}

impl Step<'_> {
    fn end<T>(self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if let Some(watch) = &self.tx.watch {
            watch(&metric::Info { elapsed: self.begun_at.elapsed(), statement: self.statement, failed: result.is_err() });
        }
        self.tx.is_sound.store(self.was_sound && result.is_ok(), Ordering::Release);
        result
    }
}

impl Connection {
    #[expect(clippy::disallowed_methods, reason = "the transaction that AuditTx opens owns its connection")]
    async fn acquire(pool: &DatabaseConnection) -> Result<Self, DbErr> {
        let acquired = match pool.get_database_backend() {
            DbBackend::Postgres => pool.get_postgres_connection_pool().acquire().await.map(Self::Postgres),
            _ => pool.get_sqlite_connection_pool().acquire().await.map(Self::Sqlite),
        };
        acquired.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
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

    /// Begins a transaction; the database itself refuses to do so inside another one.
    async fn begin(&mut self, patience: Duration, waited: Duration, locks: Option<&str>) -> Result<(), sqlx::Error> {
        let is_counted = match self {
            Self::Sqlite(one) => one.is_in_transaction(),
            Self::Postgres(one) => one.is_in_transaction(),
        };
        if is_counted {
            return Err(sqlx::Error::BeginFailed);
        }
        match self {
            Self::Sqlite(_) => self.send(SQLITE.begin).await,
            Self::Postgres(_) => self.send(&postgres_begin(patience, waited, locks)).await,
        }
    }

    fn words(&self) -> &'static Words {
        match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    async fn send(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(one) => sql.execute(&mut **one).await.map(drop),
            Self::Postgres(one) => sql.execute(&mut **one).await.map(drop),
        }
    }

    fn close(self) {
        #[cfg(not(feature = "sabotage"))]
        match self {
            Self::Sqlite(mut one) => one.close_on_drop(),
            Self::Postgres(mut one) => one.close_on_drop(),
        }
    }
}

/// BEGIN and what is sent with it. The longer the transaction waited for a connection, the shorter it waits for locks.
fn postgres_begin(patience: Duration, waited: Duration, locks: Option<&str>) -> String {
    let shorter = (waited >= patience / 2).then(|| {
        let left = (patience * 3 / 2).saturating_sub(waited).clamp(Duration::from_millis(1), patience).as_millis();
        format!("; SET LOCAL lock_timeout = '{left}ms'")
    });
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

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
