//! Creates a fresh database for each test, copied from a template that is migrated once.

use super::postgres;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The database that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A new, migrated, empty database.
pub struct Fresh {
    /// For the serving role: on PostgreSQL a role without any rights except those granted by `casetrail migrate --grant-to`.
    pub url: String,
    /// For the owner of the tables.
    pub owner: String,
    pub files: Option<TempDir>,
}

/// A new database; `None` if PostgreSQL is not available.
pub async fn fresh(kind: Kind) -> Option<Fresh> {
    match kind {
        Kind::Sqlite => Some(sqlite().await),
        Kind::Postgres => postgres().await,
    }
}

/// The URL of a PostgreSQL database without any table, for its owner; `None` if PostgreSQL is not available.
pub async fn empty() -> Option<String> {
    let owner = postgres().await?.owner;
    let connection = connect(&owner).await;
    run(&connection, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    connection.close().await.expect("close");
    Some(owner)
}

/// The URL of an empty PostgreSQL database with its own `LC_CTYPE`, for its owner; `None` if there is none to be had.
pub async fn with_letters_of(ctype: &str) -> Option<String> {
    let server = postgres::server()?;
    let name = format!("test_{}", Uuid::new_v4().simple());
    let admin = connect(&format!("{server}/postgres")).await;
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE '{ctype}'");
    #[expect(clippy::disallowed_methods, reason = "tests create their own databases")]
    let created = admin.execute_unprepared(&create).await;
    admin.close().await.expect("close");
    match created {
        Ok(_) => Some(format!("{server}/{name}")),
        Err(error) => {
            println!("no database with LC_CTYPE {ctype} here: {error}");
            None
        }
    }
}

pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(4).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}

/// Migrates a database to the current schema.
pub async fn migrate(url: &str) {
    let connection = connect(url).await;
    Migrator::up(&connection, None).await.expect("the schema");
    connection.close().await.expect("close");
}

/// Sets the times of the settings, which the migrations take from the clock of the database: it may be ahead of that of a test,
/// and an entry is never older than the last change of its row.
const SETTINGS_OF_LAST_YEAR: &str =
    "UPDATE settings SET created_at = '2025-12-01T15:00:00.000+00:00', updated_at = '2025-12-01T15:00:00.000+00:00'";

async fn sqlite() -> Fresh {
    let folder = TempDir::new().expect("a folder");
    let fresh = sqlite_in(folder.path()).await;
    Fresh { files: Some(folder), ..fresh }
}

/// The same on SQLite, in a given directory.
pub async fn sqlite_in(folder: &Path) -> Fresh {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("template.db");
        let connection = connect(&format!("sqlite://{}?mode=rwc", file.display())).await;
        Migrator::up(&connection, None).await.expect("the schema");
        let net =
            Statement::from_string(DbBackend::Sqlite, "SELECT sql FROM sqlite_master WHERE name = 'settings_audited_update'");
        let net = connection.query_one_raw(net).await.expect("a response").expect("the net");
        let net: String = net.try_get("", "sql").expect("a text");
        run(&connection, &format!("DROP TRIGGER settings_audited_update; {SETTINGS_OF_LAST_YEAR}; {net}")).await;
        connection.close().await.expect("close");
        std::fs::read(file).expect("the template")
    });
    let file = folder.join("casetrail.db");
    std::fs::write(&file, template.await).expect("a copy");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    Fresh { owner: url.clone(), url, files: None }
}

/// The serving role in the tests, on every server they run on.
pub const SERVING: &str = "casetrail_tests_serving";

async fn postgres() -> Option<Fresh> {
    static TEMPLATE: OnceCell<Option<(String, String)>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || {
        let server = postgres::server()?;
        let name = format!("template_{}", Uuid::new_v4().simple());
        let admin = connect(&format!("{server}/postgres")).await;
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        // Another run of the tests may create it at the same time.
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {SERVING} LOGIN PASSWORD '{SERVING}'; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        run(&admin, &role).await;
        admin.close().await.expect("close");
        let migrated = casetrail_migrate(&format!("{server}/{name}"), &["--grant-to", SERVING]).await;
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let template = connect(&format!("{server}/{name}")).await;
        let net = |verb| format!("ALTER TABLE settings {verb} TRIGGER settings_audited");
        run(&template, &format!("BEGIN; {}; {SETTINGS_OF_LAST_YEAR}; {}; COMMIT", net("DISABLE"), net("ENABLE"))).await;
        template.close().await.expect("close");
        Some((server, name))
    });
    let (server, template) = template.await.as_ref()?;
    let name = format!("test_{}", Uuid::new_v4().simple());
    let admin = connect(&format!("{server}/postgres")).await;
    run(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    admin.close().await.expect("close");
    let owner = format!("{server}/{name}");
    Some(Fresh { url: with_role(&owner, &format!("{SERVING}:{SERVING}")), owner, files: None })
}

/// The same database with another username and password.
fn with_role(url: &str, role: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://{role}@{place}")
}

/// `casetrail migrate`, as an operator runs it.
pub async fn casetrail_migrate(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    command.arg("migrate").args(arguments).env("CASETRAIL_DATABASE_URL", url).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("a process")
}

#[expect(clippy::disallowed_methods, reason = "tests create their own databases")]
async fn run(admin: &DatabaseConnection, sql: &str) {
    admin.execute_unprepared(sql).await.expect(sql);
}
