//! Tests of connections that were left in an invalid state; what the pool does with them is the same on both databases.
#![expect(clippy::disallowed_methods, reason = "these tests put connections into states that are otherwise impossible")]

use super::{WriteTransaction, is_unavailable};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use std::time::Duration;
use tempfile::TempDir;

struct World {
    pool: DatabaseConnection,
    outside: DatabaseConnection,
    _folder: TempDir,
}

fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, text)
}

async fn open(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

impl World {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("pool.db").display());
        let (pool, outside) = (open(&url).await, open(&url).await);
        outside.execute_unprepared("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER PRIMARY KEY)").await.unwrap();
        let world = Self { pool, outside, _folder: folder };
        // Visible to this one connection only.
        let tx = world.begin().await;
        tx.execute(&sql("CREATE TEMP TABLE mark (n INTEGER)")).await.unwrap();
        tx.commit().await.unwrap();
        world
    }

    async fn begin(&self) -> WriteTransaction {
        WriteTransaction::begin(&self.pool, Duration::from_secs(5), Duration::from_secs(4), None, None).await.unwrap()
    }

    /// Whether the pool's connection is still the first one.
    async fn is_reused(&self) -> bool {
        self.begin().await.query_all(&sql("SELECT n FROM mark")).await.is_ok()
    }

    async fn committed(&self) -> usize {
        self.outside.query_all_raw(sql("SELECT n FROM t")).await.unwrap().len()
    }
}

async fn insert(tx: &WriteTransaction, n: i32) -> Result<(), DbErr> {
    tx.execute(&sql(&format!("INSERT INTO t (n) VALUES ({n})"))).await.map(drop)
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_its_connection_is_reused() {
    let world = World::start().await;
    let tx = world.begin().await;
    insert(&tx, 1).await.unwrap();
    drop(tx);
    assert!(world.is_reused().await);
    assert_eq!(world.committed().await, 0);
}

#[tokio::test]
async fn a_connection_on_which_a_statement_failed_is_closed() {
    let world = World::start().await;
    let tx = world.begin().await;
    insert(&tx, 1).await.unwrap();
    insert(&tx, 1).await.unwrap_err();
    assert!(tx.commit().await.is_err(), "a failed transaction must not commit");
    assert!(!world.is_reused().await);
    assert_eq!(world.committed().await, 0);
}

/// As on a full disk: the database rolls back by itself, and from then on the pool's view of the connection is wrong.
#[tokio::test]
async fn a_transaction_ended_by_the_database_leaves_nothing_behind() {
    let world = World::start().await;
    let tx = world.begin().await;
    insert(&tx, 1).await.unwrap();
    tx.execute(&sql("INSERT OR ROLLBACK INTO t (n) VALUES (1)")).await.unwrap_err();
    drop(tx);
    // One that is refused, and one that is acknowledged.
    drop(world.begin().await);
    let tx = world.begin().await;
    insert(&tx, 2).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.committed().await, 1);
}

#[tokio::test]
async fn a_connection_left_inside_a_transaction_is_closed_when_the_next_one_begins() {
    for left_open in ["BEGIN", "SAVEPOINT one"] {
        let world = World::start().await;
        let mut connection = world.pool.get_sqlite_connection_pool().acquire().await.unwrap();
        sqlx::raw_sql(left_open).execute(&mut *connection).await.unwrap();
        drop(connection);
        let tx = world.begin().await;
        insert(&tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.committed().await, 1, "{left_open}");
        assert!(!world.is_reused().await, "{left_open}");
    }
}

/// A limit that only this transaction's value exceeds: it applies to the whole process.
#[tokio::test]
async fn a_transaction_that_ran_out_of_memory_changes_nothing_and_its_connection_is_closed() {
    let world = World::start().await;
    world.outside.execute_unprepared("PRAGMA hard_heap_limit = 268435456").await.unwrap();
    let tx = world.begin().await;
    insert(&tx, 1).await.unwrap();
    let error = tx.execute(&sql("INSERT INTO t (n) SELECT length(randomblob(900000000))")).await.unwrap_err();
    assert!(is_unavailable(&error) && error.to_string().contains("out of memory"), "{error}");
    assert!(tx.commit().await.is_err(), "a failed transaction must not commit");
    assert!(!world.is_reused().await);
    let tx = world.begin().await;
    insert(&tx, 2).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.committed().await, 1);
}

#[tokio::test]
async fn an_unusable_database_is_distinguished_from_an_invalid_statement() {
    let world = World::start().await;
    let fails = async |before: &str, statement: &str| {
        world.outside.execute_unprepared(before).await.unwrap();
        world.outside.execute_unprepared(statement).await.unwrap_err()
    };
    let full = fails(
        "PRAGMA max_page_count = 2",
        "CREATE TABLE big AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 9999) SELECT n FROM c",
    );
    assert!(is_unavailable(&full.await), "full");
    assert!(is_unavailable(&fails("PRAGMA query_only = ON", "INSERT INTO t (n) VALUES (7)").await), "read-only");
    assert!(!is_unavailable(&fails("PRAGMA query_only = OFF", "INSERT INTO nothing (n) VALUES (7)").await));
    assert!(!is_unavailable(&fails("INSERT INTO t (n) VALUES (7)", "INSERT INTO t (n) VALUES (7)").await), "a constraint");
    let folder = TempDir::new().unwrap();
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, [7; 8_192]).unwrap();
    for path in [garbage.as_path(), folder.path()] {
        let url = format!("sqlite://{}", path.display());
        let error = match Database::connect(&url).await {
            Ok(opened) => opened.execute_unprepared("CREATE TABLE t (n)").await.unwrap_err(),
            Err(error) => error,
        };
        assert!(is_unavailable(&error), "{error}");
    }
}
