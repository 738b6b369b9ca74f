//! `casetrail migrate`: updates the schema to this version's, as the owner of the tables. `serve` does the same at its start if
//! needed.

use super::{Failure, grant, reach, say};
use crate::config::Config;
use entity::db::is_lock_timeout;
use migration::{Migrator, MigratorTrait, SchemaManager, Standing, standing};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};
use std::time::{Duration, Instant};
use tokio::time::sleep;

#[derive(clap::Args)]
pub struct MigrateOptions {
    /// Grant this PostgreSQL role the rights needed for serving: no DDL, and on the audit log SELECT and INSERT only
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
}

pub async fn run(config: &Config, options: &MigrateOptions) -> Result<(), Failure> {
    let (url, _) = config.database()?;
    reach::database(&url).await?;
    let connection = connect(&url).await?;
    bring_up(&connection).await?;
    say("the database schema is up to date");
    if let Some(role) = &options.grant_to {
        grant::to(&connection, role).await?;
        say(format_args!("the role \"{role}\" has the rights needed for serving"));
    }
    Ok(connection.close().await?)
}

/// Runs the pending migrations, once the database can be reached.
pub async fn apply(url: &str) -> Result<(), Failure> {
    reach::database(url).await?;
    let connection = connect(url).await?;
    bring_up(&connection).await?;
    Ok(connection.close().await?)
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    // PostgreSQL would report that the table of the migrations already exists. And while a migration waits for a table that an
    // export reads, all requests for that table wait behind it.
    options.map_sqlx_postgres_opts(|options| options.options([("client_min_messages", "warning"), ("lock_timeout", "500ms")]));
    Database::connect(options).await
}

/// Reads the state of the schema first: if nothing is pending, only the right to read is needed. A newer version's schema is left
/// alone.
async fn bring_up(connection: &DatabaseConnection) -> Result<(), Failure> {
    match state(connection).await.map_err(|error| explained(error, "read"))? {
        Standing::Current => Ok(()),
        Standing::Newer => {
            tracing::info!("a newer version has migrated the database; this version can use its schema");
            Ok(())
        }
        Standing::Behind(_) => apply_pending(connection).await.map_err(|error| explained(error, "change")),
        Standing::TooNew(migration) => Err(format!(
            "the schema belongs to a newer version and this one cannot use it (since {migration}): start a newer version"
        )
        .into()),
    }
}

async fn state(connection: &DatabaseConnection) -> Result<Standing, DbErr> {
    let history = Migrator::migration_table_name().to_string();
    if SchemaManager::new(connection).has_table(history).await? {
        standing(connection).await
    } else {
        Ok(Standing::Behind(Migrator::migrations().len()))
    }
}

/// How long a migration is tried again if other transactions use its tables: as long as the slowest export may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Applies the pending migrations, each as a whole. A lock that is not granted soon is released and requested again later, so
/// that requests are served in between.
async fn apply_pending(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let begun_at = Instant::now();
    loop {
        match apply_in_turn(connection).await {
            Err(error) if is_lock_timeout(&error) && begun_at.elapsed() < PATIENCE => {
                tracing::warn!("the migration waits for a lock that another transaction holds, such as an export");
                sleep(Duration::from_secs(1)).await;
            }
            result => return result,
        }
    }
}

/// Replicas that start together take turns: the second one finds nothing pending. The connection's end releases the lock.
async fn apply_in_turn(connection: &DatabaseConnection) -> Result<(), DbErr> {
    if connection.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
        connection.query_one_raw(Statement::from_string(DbBackend::Postgres, lock)).await?;
    }
    match state(connection).await? {
        Standing::Behind(_) => Migrator::up(connection, None).await,
        Standing::Current | Standing::Newer | Standing::TooNew(_) => Ok(()),
    }
}

/// The key of the advisory lock: "casetrai" in ASCII.
const MIGRATION_LOCK: i64 = 0x6361_7365_7472_6169;

/// What to do where the role of CASETRAIL_DATABASE_URL may only serve.
fn explained(error: DbErr, verb: &str) -> Failure {
    if !lacks_right(&error) {
        return error.into();
    }
    let grant = "`casetrail migrate --grant-to ROLE`";
    format!(
        "the database role may not {verb} the schema, which does not match this version: run {grant} as the owner of the \
         tables ({error})"
    )
    .into()
}

/// Whether PostgreSQL refused a statement because a right is missing (`insufficient_privilege`).
fn lacks_right(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else { return false };
    cause.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "42501")
}
