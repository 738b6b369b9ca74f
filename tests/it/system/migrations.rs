//! Updating the schema: interrupted, by several replicas at once, and while the tables are in use.
#![expect(clippy::disallowed_methods, reason = "these tests set up the database")]

use crate::app::{casetrail_migrate, connect, empty};
use migration::{Migrator, MigratorTrait, Standing, nets, standing};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

/// PostgreSQL would report the table of the migrations, which each migration creates if it is missing.
#[tokio::test]
async fn no_start_on_postgresql_logs_that_something_already_exists() {
    let Some(url) = empty().await else { return };
    let connection = connect(&url).await;
    Migrator::up(&connection, Some(20)).await.unwrap();
    connection.close().await.unwrap();
    // The first start applies the rest, and the second one finds nothing to apply.
    for _ in 0..2 {
        let log = log_of_a_start(&url).await;
        assert!(log.contains("limits of open files") && !log.contains("already exists"), "{log}");
    }
    assert!(is_current(&url).await);
}

/// What the service logs until it listens.
async fn log_of_a_start(url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut service = Command::new(env!("CARGO_BIN_EXE_service"))
        .env_clear()
        .envs([("CASETRAIL_DATABASE_URL", url), ("CASETRAIL_BIND", &address), ("CASETRAIL_DEMO", "off")])
        .envs([("CASETRAIL_LOG", "debug"), ("CASETRAIL_SCHEDULER", "off"), ("CASETRAIL_SECRET", &"x".repeat(32))])
        .env("CASETRAIL_DATA_DIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
        .spawn()
        .unwrap();
    let http = crate::app::http().build().unwrap();
    let starts = async {
        while http.get(format!("http://{address}/livez")).send().await.is_err() {
            let ended = service.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(folder.path().join("log")).unwrap());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), starts).await.unwrap();
    service.kill().unwrap();
    service.wait().unwrap();
    std::fs::read_to_string(folder.path().join("log")).unwrap()
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

/// Adds accounts with passwords, each with a username, an address and whether it was deleted, past the nets.
async fn add_users(db: &DatabaseConnection, from: usize, users: &[(&str, &str, bool)]) -> Result<(), sea_orm::DbErr> {
    let (literal, before, after) = match db.get_database_backend() {
        DbBackend::Postgres => {
            ("", "ALTER TABLE users DISABLE TRIGGER users_audited; ", "ALTER TABLE users ENABLE TRIGGER users_audited;")
        }
        _ => ("X", "PRAGMA foreign_keys = OFF; ", "PRAGMA foreign_keys = ON;"),
    };
    let rows = users.iter().zip(from..).map(|((username, email, is_deleted), number)| {
        let (id, at) = (format!("{literal}'{number:032x}'"), "'2026-12-01T00:00:00+00:00'");
        let deleted_at = if *is_deleted { at } else { "NULL" };
        format!(
            "INSERT INTO users (id, username, email, first_name, last_name, role, is_active, version, created_at, updated_at, \
             deleted_at) VALUES ({id}, '{username}', '{email}', 'Ada', 'Moss', 'manager', TRUE, 1, {at}, {at}, {deleted_at}); \
             INSERT INTO credentials (user_id, password_hash) VALUES ({id}, 'hash'); "
        )
    });
    let added = db.execute_unprepared(&format!("{before}{}{after}", rows.collect::<String>())).await;
    if added.is_err() && db.get_database_backend() == DbBackend::Sqlite {
        db.execute_unprepared(after).await?;
    }
    added.map(drop)
}

/// The usernames and addresses of those who can sign in.
async fn accounts(db: &DatabaseConnection) -> Vec<(String, String)> {
    let sql = "SELECT username, email FROM users JOIN credentials ON user_id = id ORDER BY username";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "username").unwrap(), row.try_get("", "email").unwrap())).collect()
}

#[tokio::test]
async fn accounts_stay_as_they_are_when_the_addresses_of_deleted_ones_are_freed() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}?mode=rwc", folder.path().join("casetrail.db").display());
    for url in [Some(sqlite), empty().await].into_iter().flatten() {
        let db = alone(&url).await;
        let earlier = Migrator::migrations().iter().position(|migration| migration.name().ends_with("_addresses")).unwrap();
        Migrator::up(&db, u32::try_from(earlier).ok()).await.unwrap();
        add_users(&db, 1, &[("anna", "anna@example.org", false), ("ben", "ben@example.org", true)]).await.unwrap();
        let refused = add_users(&db, 3, &[("carl", "ben@example.org", false)]).await.unwrap_err();
        assert!(refused.to_string().contains("email"), "{refused}");
        let before = accounts(&db).await;

        Migrator::up(&db, None).await.unwrap();

        assert_eq!(accounts(&db).await, before);
        assert_eq!(nets::differences(&db).await.unwrap(), [""; 0]);
        add_users(&db, 3, &[("carl", "ben@example.org", false)]).await.unwrap();
        add_users(&db, 4, &[("dora", "ben@example.org", true)]).await.unwrap();
        for (username, email, column) in [("emma", "anna@example.org", "email"), ("ben", "emma@example.org", "username")] {
            let refused = add_users(&db, 5, &[(username, email, false)]).await.unwrap_err().to_string();
            assert!(
                refused.contains(&format!("users.{column}")) || refused.contains(&format!("users_{column}_key")),
                "{refused}"
            );
        }
        let orphan = "DELETE FROM users WHERE username = 'anna'";
        assert!(db.execute_unprepared(orphan).await.is_err(), "rows that refer to users still hold them");
        db.close().await.unwrap();
    }
}
