//! Tests of connections that were left in an invalid state; what the pool does with them is the same on both databases.
#![expect(clippy::disallowed_methods, reason = "these tests put connections into states that are otherwise impossible")]

use super::group::Groups;
use super::pool::{Pool, Readers};
use super::transaction::Terms;
use super::{Failures, WriteTransaction, is_unavailable};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

impl super::Db {
    /// The same, but reading from another database than it writes to: as if nothing that is committed were stored.
    pub(crate) fn reading_from(self, other: &Self) -> Self {
        Self { readers: other.readers.clone(), ..self }
    }
}

struct World {
    pool: Arc<Pool>,
    groups: Arc<Groups>,
    outside: DatabaseConnection,
    _folder: TempDir,
}

/// A table, and the net of the migrations: a change that leaves a debt can't be committed.
const TABLES: &str = "PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER PRIMARY KEY); \
     CREATE TABLE audit_never (id INTEGER PRIMARY KEY CHECK (id IS NULL)); \
     CREATE TABLE audit_debt (object_id INTEGER PRIMARY KEY, \
       unpaid INTEGER NOT NULL DEFAULT 1 REFERENCES audit_never (id) DEFERRABLE INITIALLY DEFERRED); \
     CREATE TABLE late (n INTEGER REFERENCES audit_never (id) DEFERRABLE INITIALLY DEFERRED); \
     CREATE TABLE early (n INTEGER REFERENCES t (n))";

fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, text)
}

async fn open(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

fn terms(is_unshared: bool) -> Terms<'static> {
    let (patience, answer_time) = (Duration::from_secs(5), Duration::from_secs(4));
    Terms { patience, answer_time, watch: None, locks: None, is_unshared }
}

impl World {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("pool.db").display());
        let pool = Pool::new(open(&url).await, Failures::default());
        let outside = open(&url).await;
        outside.execute_unprepared(TABLES).await.unwrap();
        let world = Self { pool, groups: Groups::new(), outside, _folder: folder };
        // Visible to this one connection only.
        let tx = world.begin().await;
        tx.execute(&sql("CREATE TEMP TABLE mark (n INTEGER)")).await.unwrap();
        tx.commit().await.unwrap();
        world
    }

    async fn begin(&self) -> WriteTransaction {
        self.begin_write(false).await
    }

    async fn begin_write(&self, is_unshared: bool) -> WriteTransaction {
        WriteTransaction::begin(&self.pool, &self.groups, terms(is_unshared)).await.unwrap()
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
        let waiting = world.pool.waiting();
        let mut connection = world.pool.connections().get_sqlite_connection_pool().acquire().await.unwrap();
        sqlx::raw_sql(left_open).execute(&mut *connection).await.unwrap();
        drop((connection, waiting));
        let tx = world.begin().await;
        insert(&tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.committed().await, 1, "{left_open}");
        assert!(!world.is_reused().await, "{left_open}");
    }
}

/// Two writers, of which the second was waiting when the first one finished, and so works in the same transaction. The first one
/// has not been answered yet.
async fn two(world: &World, is_unshared: bool) -> (impl Future<Output = Result<(), DbErr>>, WriteTransaction) {
    let first = world.begin().await;
    insert(&first, 1).await.unwrap();
    let mut second = Box::pin(world.begin_write(is_unshared));
    let moment = Duration::from_millis(1);
    assert!(tokio::time::timeout(moment, second.as_mut()).await.is_err(), "it is not its turn yet");
    let first = tokio::spawn(first.commit());
    let second = second.await;
    (async move { first.await.unwrap() }, second)
}

#[tokio::test]
async fn waiting_writers_share_a_commit_and_are_answered_after_it() {
    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    insert(&second, 2).await.unwrap();
    assert_eq!(second.query_all(&sql("SELECT n FROM t")).await.unwrap().len(), 2, "the second sees what the first did");
    assert_eq!(world.committed().await, 0, "nothing is committed yet");
    second.commit().await.unwrap();
    assert_eq!(world.committed().await, 2);
    first.await.unwrap();
    assert!(world.is_reused().await);
}

#[tokio::test]
async fn many_writers_at_once_are_all_committed() {
    let world = Arc::new(World::start().await);
    let write = |n: i32| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let tx = world.begin().await;
            insert(&tx, n).await.unwrap();
            match n % 5 {
                0 => drop(tx),
                _ => tx.commit().await.unwrap(),
            }
        })
    };
    for writer in (1..=100).map(write).collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(world.begin().await);
    assert_eq!(world.committed().await, 80);
    assert!(world.is_reused().await);
}

#[tokio::test]
async fn a_member_that_is_dropped_or_fails_is_undone_without_the_others() {
    for fails in [false, true] {
        let world = World::start().await;
        let (first, second) = two(&world, false).await;
        insert(&second, 2).await.unwrap();
        if fails {
            insert(&second, 1).await.unwrap_err();
        }
        drop(second);
        first.await.unwrap();
        assert_eq!(world.committed().await, 1, "{fails}");
        assert_eq!(world.is_reused().await, !fails, "a connection on which a statement failed is closed");
    }
}

#[tokio::test]
async fn a_member_without_its_entry_is_refused_without_the_others() {
    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    insert(&second, 2).await.unwrap();
    second.execute(&sql("INSERT INTO audit_debt (object_id) VALUES (2)")).await.unwrap();
    second.commit().await.unwrap_err();
    first.await.unwrap();
    assert_eq!(world.committed().await, 1);
    assert_eq!(world.outside.query_all_raw(sql("SELECT * FROM audit_debt")).await.unwrap().len(), 0);
}

/// Another program turned foreign keys off, and left a change without its entry.
#[tokio::test]
async fn a_debt_of_another_program_refuses_no_write() {
    let world = World::start().await;
    for sql in ["PRAGMA foreign_keys = OFF", "INSERT INTO audit_debt (object_id) VALUES (7)", "PRAGMA foreign_keys = ON"] {
        world.outside.execute_unprepared(sql).await.unwrap();
    }
    let (first, second) = two(&world, false).await;
    insert(&second, 2).await.unwrap();
    first.await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(world.committed().await, 2);
}

/// As on a full disk: nothing of any member remains, and none was told that it does.
#[tokio::test]
async fn all_members_fail_if_the_database_ends_their_transaction() {
    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    insert(&second, 2).await.unwrap();
    second.execute(&sql("INSERT OR ROLLBACK INTO t (n) VALUES (1)")).await.unwrap_err();
    drop(second);
    assert!(is_unavailable(&first.await.unwrap_err()));
    assert_eq!(world.committed().await, 0);
    assert!(!world.is_reused().await);
    let tx = world.begin().await;
    insert(&tx, 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.committed().await, 1);
}

/// A fault that only COMMIT reports fails every member that waits for it.
#[tokio::test]
async fn all_members_fail_if_their_commit_fails() {
    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    second.execute(&sql("INSERT INTO late (n) VALUES (1)")).await.unwrap();
    second.commit().await.unwrap_err();
    first.await.unwrap_err();
    assert_eq!(world.committed().await, 0);
    assert!(!world.is_reused().await);
}

/// As that of a thread that is busy with something else.
#[tokio::test]
async fn a_writer_that_is_given_its_turn_and_does_not_run_keeps_no_one_waiting() {
    let world = World::start().await;
    let first = world.begin().await;
    insert(&first, 1).await.unwrap();
    let mut second = Box::pin(world.begin());
    assert!(tokio::time::timeout(Duration::from_millis(1), second.as_mut()).await.is_err(), "it is not its turn yet");
    first.commit().await.unwrap();
    assert_eq!(world.committed().await, 1);
    let second = second.await;
    insert(&second, 2).await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(world.committed().await, 2);
}

/// Each of the server's threads has a runtime of its own, which ends when it has no connection left.
#[test]
fn a_member_whose_runtime_ends_takes_no_other_with_it() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (lasting, ending) = (runtime(), runtime());
    lasting.block_on(async {
        let world = Arc::new(World::start().await);
        let (first, second) = two(&world, false).await;
        insert(&second, 2).await.unwrap();
        // Its client is gone, and so is its runtime, before anything else could run there.
        let guard = ending.enter();
        drop(second);
        drop(guard);
        ending.shutdown_background();
        first.await.unwrap();
        assert_eq!(world.committed().await, 1);
    });
}

#[tokio::test]
async fn a_statement_that_returns_a_row_and_then_fails_is_an_error() {
    let world = World::start().await;
    let tx = world.begin().await;
    tx.query_one(&sql("INSERT INTO early (n) VALUES (7) RETURNING n")).await.unwrap_err();
    assert!(tx.commit().await.is_err(), "a failed transaction must not commit");
}

#[tokio::test]
async fn a_member_that_stalls_is_undone_and_succeeds_when_it_is_repeated() {
    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    insert(&second, 2).await.unwrap();
    first.await.expect("it does not wait for the end of the second");
    assert_eq!(world.committed().await, 1);
    let refused = insert(&second, 3).await.unwrap_err();
    assert!(is_unavailable(&refused), "{refused}");
    assert!(is_unavailable(&second.commit().await.unwrap_err()));
    let tx = world.begin().await;
    insert(&tx, 2).await.unwrap();
    tokio::time::sleep(super::group::STALL_MAX * 2).await;
    tx.commit().await.expect("no other waits for it");
    assert_eq!(world.committed().await, 2);
}

#[tokio::test]
async fn a_job_shares_its_commit_with_no_other() {
    let world = World::start().await;
    let (first, job) = two(&world, true).await;
    first.await.expect("committed before the job began");
    assert_eq!(world.committed().await, 1);
    insert(&job, 2).await.unwrap();
    tokio::time::sleep(super::group::STALL_MAX * 2).await;
    job.commit().await.unwrap();
    assert_eq!(world.committed().await, 2);
}

/// A refusal that is based on what is not committed yet waits for it.
#[tokio::test]
async fn what_a_member_has_read_is_settled_by_the_commit_of_the_others() {
    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    let unsettled = super::Unsettled::default();
    unsettled.clone().during(async move { drop(second) }).await;
    unsettled.settle().await.unwrap();
    assert_eq!(world.committed().await, 1);
    first.await.unwrap();

    let world = World::start().await;
    let (first, second) = two(&world, false).await;
    second.execute(&sql("INSERT OR ROLLBACK INTO t (n) VALUES (1)")).await.unwrap_err();
    unsettled.clone().during(async move { drop(second) }).await;
    assert!(is_unavailable(&unsettled.settle().await.unwrap_err()));
    first.await.unwrap_err();

    // A later transaction of the same work may rely on what an earlier one has read.
    for fails in [false, true] {
        let world = World::start().await;
        let (first, second) = two(&world, false).await;
        if fails {
            second.execute(&sql("INSERT OR ROLLBACK INTO t (n) VALUES (1)")).await.unwrap_err();
        }
        let again = async {
            drop(second);
            WriteTransaction::begin(&world.pool, &world.groups, terms(false)).await.map(drop)
        };
        let begun = super::Unsettled::default().during(again).await;
        assert_eq!(begun.as_ref().is_err_and(is_unavailable), fails, "{begun:?}");
        assert_eq!(first.await.is_err(), fails);
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
    assert!(!is_unavailable(&fails("PRAGMA query_only = OFF", "INSERT INTO t (absent) VALUES (7)").await));
    assert!(!is_unavailable(&fails("SELECT 1", "INSERT INTO absent (n) VALUES (7)").await), "a table that never was");
    let audited = "CREATE TRIGGER audited AFTER INSERT ON t BEGIN INSERT INTO audit_entries VALUES (1); END";
    assert!(is_unavailable(&fails(audited, "INSERT INTO t (n) VALUES (8)").await), "a dropped log");
    world.outside.execute_unprepared("DROP TRIGGER audited").await.unwrap();
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

/// Two connections for reading, to a database with one table.
async fn two_readers() -> (Readers, Arc<Pool>, TempDir) {
    let folder = TempDir::new().unwrap();
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", folder.path().join("pool.db").display()));
    options.max_connections(2).acquire_timeout(Duration::from_secs(2)).sqlx_logging(false);
    let pool = Pool::new(Database::connect(options).await.unwrap(), Failures::default());
    (Readers::new(Arc::clone(&pool), None), pool, folder)
}

#[tokio::test]
async fn a_connection_that_was_used_is_kept_for_the_next_statement() {
    let (readers, pool, _folder) = two_readers().await;
    readers.execute_unprepared("CREATE TEMP TABLE mark (n INTEGER)").await.unwrap();
    for _ in 0..5 {
        assert_eq!(pool.kept(), 1);
        assert!(readers.query_all_raw(sql("SELECT n FROM mark")).await.unwrap().is_empty(), "the same connection");
    }
    // One on which a statement failed is tested first, and on SQLite none is kept for a while: they may have damaged pages.
    readers.query_all_raw(sql("SELECT n FROM nothing")).await.unwrap_err();
    assert_eq!(pool.kept(), 0);
    readers.query_all_raw(sql("SELECT 1")).await.unwrap();
    assert_eq!(pool.kept(), 0);
}

/// A snapshot needs a connection of sqlx's pool, and gets one although all are kept or in use.
#[tokio::test]
async fn kept_connections_keep_no_one_waiting() {
    let (readers, pool, _folder) = two_readers().await;
    let (one, other) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    one.keep();
    other.keep();
    assert_eq!(pool.kept(), 2);
    let first = {
        let _waiting = pool.waiting();
        pool.connections().get_sqlite_connection_pool().acquire().await.expect("one that was kept")
    };
    let busy = pool.acquire().await.unwrap();
    let second = async {
        let _waiting = pool.waiting();
        pool.connections().get_sqlite_connection_pool().acquire().await.expect("the one that comes back")
    };
    let back = async {
        tokio::task::yield_now().await;
        busy.keep();
    };
    let (second, ()) = tokio::join!(second, back);
    assert_eq!(pool.kept(), 0, "it went to the one who was waiting");
    drop((first, second));
    let many = (0..50).map(|_| {
        let readers = readers.clone();
        tokio::spawn(async move { readers.query_all_raw(sql("SELECT 1")).await.unwrap() })
    });
    for one in many.collect::<Vec<_>>() {
        one.await.unwrap();
    }
}

/// A process that is ending has no runtime left to give connections back with.
#[test]
fn kept_connections_are_dropped_without_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kept = runtime.block_on(async {
        let (readers, pool, folder) = two_readers().await;
        readers.query_all_raw(sql("SELECT 1")).await.unwrap();
        assert_eq!(pool.kept(), 1);
        (readers, pool, folder)
    });
    drop(runtime);
    drop(kept);
}
