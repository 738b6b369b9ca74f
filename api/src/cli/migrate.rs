//! `casetrail migrate`: brings the schema to this version's, as the owner of the tables. `serve` does the same at its start where
//! something is to be done.

use super::{Failure, grant, say};
use crate::config::Config;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

#[derive(clap::Args)]
pub struct Options {
    /// Grant this PostgreSQL role what serving needs: no DDL, and on the audit log SELECT and INSERT only
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
}

pub async fn run(config: &Config, options: &Options) -> Result<(), Failure> {
    let (url, _) = config.database()?;
    let connection = connect(&url).await?;
    bring_up(&connection).await?;
    say("the database is at this version's schema");
    if let Some(role) = &options.grant_to {
        grant::to(&connection, role).await?;
        say(format_args!("the role \"{role}\" may serve"));
    }
    Ok(connection.close().await?)
}

/// Runs what isn't applied yet.
pub async fn apply(url: &str) -> Result<(), Failure> {
    let connection = connect(url).await?;
    bring_up(&connection).await?;
    Ok(connection.close().await?)
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await
}

/// Reads first what is pending: where nothing is, no right is needed but to read. Replicas that start together wait for each other
/// on PostgreSQL's own locks.
async fn bring_up(connection: &DatabaseConnection) -> Result<(), Failure> {
    let pending = Migrator::get_pending_migrations_read_only(connection).await.map_err(|error| explained(error, "read"))?;
    if !pending.is_empty() {
        Migrator::up(connection, None).await.map_err(|error| explained(error, "change"))?;
    }
    Ok(())
}

/// What to do where the role of CASETRAIL_DATABASE_URL may only serve.
fn explained(error: DbErr, verb: &str) -> Failure {
    if !lacks_right(&error) {
        return error.into();
    }
    let grant = "`casetrail migrate --grant-to ROLE`";
    format!("the database role may not {verb} the schema, which is not this version's: run {grant} as the owner of the tables ({error})")
        .into()
}

/// Whether PostgreSQL refused a statement for want of a right (`insufficient_privilege`).
fn lacks_right(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else { return false };
    cause.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "42501")
}
