//! `casetrail migrate`: brings the schema to this version's. `serve` does the same at its start.

use super::{Failure, say};
use crate::config::Config;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, Database};

pub async fn run(config: &Config) -> Result<(), Failure> {
    let (url, _) = config.database()?;
    apply(&url).await?;
    say("the database is at this version's schema");
    Ok(())
}

/// Runs what isn't applied yet. Replicas that start together wait for each other on PostgreSQL's own locks.
pub async fn apply(url: &str) -> Result<(), Failure> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await?;
    Migrator::up(&connection, None).await?;
    Ok(connection.close().await?)
}
