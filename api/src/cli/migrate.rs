//! `casetrail migrate`: updates the schema to this version's, as the owner of the tables. `serve` does the same at its start if
//! needed.

use super::{Failure, grant, reach, say};
use crate::config::Config;
use migration::{Migrator, MigratorTrait, SchemaManager, Standing, standing};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

#[derive(clap::Args)]
pub struct Options {
    /// Grant this PostgreSQL role the rights needed for serving: no DDL, and on the audit log SELECT and INSERT only
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
}

pub async fn run(config: &Config, options: &Options) -> Result<(), Failure> {
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
    // PostgreSQL would report that the table of the migrations already exists.
    options.map_sqlx_postgres_opts(|options| options.options([("client_min_messages", "warning")]));
    Database::connect(options).await
}

/// Reads the state of the schema first: if nothing is pending, only the right to read is needed. A newer version's schema is left
/// alone. Replicas that start together wait for each other on PostgreSQL's own locks.
async fn bring_up(connection: &DatabaseConnection) -> Result<(), Failure> {
    let history = Migrator::migration_table_name().to_string();
    let is_empty = !SchemaManager::new(connection).has_table(history).await.map_err(|error| explained(error, "read"))?;
    let standing = if is_empty {
        Standing::Behind(Migrator::migrations().len())
    } else {
        standing(connection).await.map_err(|error| explained(error, "read"))?
    };
    match standing {
        Standing::Current => Ok(()),
        Standing::Newer => {
            tracing::info!("a newer version has migrated the database; this version can use its schema");
            Ok(())
        }
        Standing::Behind(_) => Migrator::up(connection, None).await.map_err(|error| explained(error, "change")),
        Standing::TooNew(migration) => Err(format!(
            "the schema belongs to a newer version and this one cannot use it (since {migration}): start a newer version"
        )
        .into()),
    }
}

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
