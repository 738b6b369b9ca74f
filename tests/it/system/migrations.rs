//! Updating the schema: interrupted, by several replicas at once, and while the tables are in use.
#![expect(clippy::disallowed_methods, reason = "these tests set up the database")]

use crate::app::{Kind, casetrail_migrate, connect, fresh};
use migration::{Migrator, MigratorTrait, Standing, standing};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use std::time::{Duration, Instant};

/// A PostgreSQL database without any table.
async fn empty() -> Option<String> {
    let owner = fresh(Kind::Postgres).await?.owner;
    let connection = connect(&owner).await;
    connection.execute_unprepared("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    connection.close().await.unwrap();
    Some(owner)
}

async fn alone(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

async fn is_current(url: &str) -> bool {
    let connection = connect(url).await;
    let is_current = standing(&connection).await.unwrap() == Standing::Current;
    connection.close().await.unwrap();
    is_current
}

#[tokio::test]
async fn a_migration_that_ran_out_of_space_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let mut interrupted = 0;
    for pages in (2..).step_by(3) {
        let url = format!("sqlite://{}?mode=rwc", folder.path().join(format!("{pages}.db")).display());
        let connection = alone(&url).await;
        connection.execute_unprepared(&format!("PRAGMA max_page_count = {pages}")).await.unwrap();
        let migrated = Migrator::up(&connection, None).await;
        connection.close().await.unwrap();
        if migrated.is_ok() {
            break;
        }
        interrupted += 1;
        let again = casetrail_migrate(&url, &[]).await;
        assert!(again.status.success(), "after {pages} pages: {}", String::from_utf8_lossy(&again.stderr));
        assert!(is_current(&url).await);
    }
    assert!(interrupted > 20, "{interrupted}");
}

#[tokio::test]
async fn replicas_that_migrate_at_the_same_time_all_succeed() {
    for applied in [None, Some(20)] {
        let Some(url) = empty().await else { return };
        if applied.is_some() {
            let connection = connect(&url).await;
            Migrator::up(&connection, applied).await.unwrap();
            connection.close().await.unwrap();
        }
        let replicas = futures_util::future::join_all((0..4).map(|_| casetrail_migrate(&url, &[]))).await;
        for replica in replicas {
            assert!(replica.status.success(), "{applied:?}: {}", String::from_utf8_lossy(&replica.stderr));
        }
        assert!(is_current(&url).await);
    }
}

#[tokio::test]
async fn a_migration_that_waits_for_an_export_does_not_block_other_reads() {
    let Some(url) = empty().await else { return };
    let (export, reader) = (alone(&url).await, alone(&url).await);
    Migrator::up(&reader, Some(21)).await.unwrap();
    export.execute_unprepared("BEGIN; LOCK TABLE cases IN ACCESS SHARE MODE").await.unwrap();
    let migrating = tokio::spawn({
        let url = url.clone();
        async move { casetrail_migrate(&url, &[]).await }
    });
    reader.execute_unprepared("SET lock_timeout = '900ms'").await.unwrap();
    let begun_at = Instant::now();
    while begun_at.elapsed() < Duration::from_secs(4) {
        let read = reader.execute_unprepared("SELECT COUNT(*) FROM cases").await;
        assert!(read.is_ok(), "a read waits for the migration: {read:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!migrating.is_finished(), "it cannot have altered a table that is in use");
    export.execute_unprepared("COMMIT").await.unwrap();
    let migrated = migrating.await.unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert!(is_current(&url).await);
}
