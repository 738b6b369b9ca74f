//! A fresh database for each test, copied from a template that was migrated once.

use super::postgres;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use std::path::Path;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// The URL of a new, migrated, empty database; `None` where there is no PostgreSQL.
pub async fn fresh(kind: Kind) -> Option<(String, Option<TempDir>)> {
    match kind {
        Kind::Sqlite => Some(sqlite().await),
        Kind::Postgres => Some((postgres().await?, None)),
    }
}

pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(4).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}

/// Brings a database up to date.
pub async fn migrate(url: &str) {
    let connection = connect(url).await;
    Migrator::up(&connection, None).await.expect("the schema");
    connection.close().await.expect("close");
}

async fn sqlite() -> (String, Option<TempDir>) {
    let folder = TempDir::new().expect("a folder");
    (sqlite_in(folder.path()).await, Some(folder))
}

/// The URL of a new, migrated, empty database in a directory.
pub async fn sqlite_in(folder: &Path) -> String {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("template.db");
        let connection = connect(&format!("sqlite://{}?mode=rwc", file.display())).await;
        Migrator::up(&connection, None).await.expect("the schema");
        connection.close().await.expect("close");
        std::fs::read(file).expect("the template")
    });
    let file = folder.join("casetrail.db");
    std::fs::write(&file, template.await).expect("a copy");
    format!("sqlite://{}?mode=rwc", file.display())
}

async fn postgres() -> Option<String> {
    static TEMPLATE: OnceCell<Option<(String, String)>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || {
        let server = postgres::server()?;
        let name = format!("template_{}", Uuid::new_v4().simple());
        let admin = connect(&format!("{server}/postgres")).await;
        create(&admin, &format!("CREATE DATABASE {name}")).await;
        admin.close().await.expect("close");
        let connection = connect(&format!("{server}/{name}")).await;
        Migrator::up(&connection, None).await.expect("the schema");
        connection.close().await.expect("close");
        Some((server, name))
    });
    let (server, template) = template.await.as_ref()?;
    let name = format!("test_{}", Uuid::new_v4().simple());
    let admin = connect(&format!("{server}/postgres")).await;
    create(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    admin.close().await.expect("close");
    Some(format!("{server}/{name}"))
}

#[expect(clippy::disallowed_methods, reason = "creating databases is the tests' own business")]
async fn create(admin: &DatabaseConnection, sql: &str) {
    admin.execute_unprepared(sql).await.expect("a database");
}
