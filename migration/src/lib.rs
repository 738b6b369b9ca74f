//! The history of the schema, append-only like the audit log: a merged migration never changes.
//!
//! - `m…`: one file per migration, applied in the order of `Migrator::migrations`, which is not everywhere that of their names.
//! - `nets`: the triggers below the audit log, compared with what the migrations made.
//! - `standing`: whether this version can work with the schema of a database.
//! - `run` and `index`: what several migrations need.

mod m20261201_000001_users;
mod m20261201_000002_sessions;
mod m20261201_000003_settings;
mod m20261201_000004_cases;
mod m20261201_000005_case_reviews;
mod m20261201_000006_outbox;
mod m20261201_000007_audit_entries;
mod m20261201_000008_audit_nets;
mod m20261201_000009_attempts;
mod m20261201_000010_idempotency_keys;
mod m20261201_000011_job_runs;
mod m20261201_000012_settings_net;
mod m20261201_000013_jobs;
mod m20261201_000014_documents;
mod m20261201_000015_notes;
mod m20261201_000016_alerts;
mod m20261201_000017_credit_allowances;
mod m20261201_000018_api_keys;
mod m20261201_000019_sign_in_throttles;
mod m20261201_000020_nets;
mod m20261201_000021_refresh_lineage;
mod m20261201_000022_document_quotas;
mod m20261201_000024_secret_moves;
mod m20261201_000025_member_edits;
mod m20261201_000026_review_net;
mod m20261201_000027_addresses;
mod m20261201_000028_submissions;
mod m20261201_000029_handed_over;
mod m20261201_000031_unread_alerts;
mod m20261201_000032_api_key_uses;
mod m20261201_000033_readings;
mod m20261201_000034_deferred_emails;
mod m20261201_000035_api_key_index;
mod m20261201_000036_ledger;
mod m20261201_000037_rollups;
mod m20261201_000038_selective_indexes;
mod m20261201_000039_hot_updates;
mod m20261201_000040_wide_rollups;
mod m20261201_000041_actor_months;
pub mod nets;
mod standing;

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, SchemaManager};
use sea_orm_migration::sea_orm::DbBackend;
pub use standing::{INCOMPATIBLE, Standing, standing};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let migrations: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20261201_000001_users::Migration),
            Box::new(m20261201_000002_sessions::Migration),
            Box::new(m20261201_000003_settings::Migration),
            Box::new(m20261201_000004_cases::Migration),
            Box::new(m20261201_000005_case_reviews::Migration),
            Box::new(m20261201_000006_outbox::Migration),
            Box::new(m20261201_000007_audit_entries::Migration),
            Box::new(m20261201_000008_audit_nets::Migration),
            Box::new(m20261201_000009_attempts::Migration),
            Box::new(m20261201_000010_idempotency_keys::Migration),
            Box::new(m20261201_000011_job_runs::Migration),
            Box::new(m20261201_000012_settings_net::Migration),
            Box::new(m20261201_000013_jobs::Migration),
            Box::new(m20261201_000014_documents::Migration),
            Box::new(m20261201_000015_notes::Migration),
            Box::new(m20261201_000016_alerts::Migration),
            Box::new(m20261201_000017_credit_allowances::Migration),
            Box::new(m20261201_000018_api_keys::Migration),
            Box::new(m20261201_000019_sign_in_throttles::Migration),
            Box::new(m20261201_000020_nets::Migration),
            Box::new(m20261201_000022_document_quotas::Migration),
            Box::new(m20261201_000024_secret_moves::Migration),
            Box::new(m20261201_000021_refresh_lineage::Migration),
            Box::new(m20261201_000025_member_edits::Migration),
            Box::new(m20261201_000026_review_net::Migration),
            Box::new(m20261201_000027_addresses::Migration),
            Box::new(m20261201_000028_submissions::Migration),
            Box::new(m20261201_000029_handed_over::Migration),
            Box::new(m20261201_000031_unread_alerts::Migration),
            Box::new(m20261201_000032_api_key_uses::Migration),
            Box::new(m20261201_000033_readings::Migration),
            Box::new(m20261201_000034_deferred_emails::Migration),
            Box::new(m20261201_000035_api_key_index::Migration),
            Box::new(m20261201_000036_ledger::Migration),
            Box::new(m20261201_000037_rollups::Migration),
            Box::new(m20261201_000038_selective_indexes::Migration),
            Box::new(m20261201_000039_hot_updates::Migration),
            Box::new(m20261201_000040_wide_rollups::Migration),
            Box::new(m20261201_000041_actor_months::Migration),
        ];
        migrations.into_iter().map(Whole::boxed).collect()
    }
}

/// A migration that is applied completely or not at all, on SQLite too: otherwise an interrupted one could never be repeated. One
/// that can be repeated may say that it needs no transaction.
struct Whole(Box<dyn MigrationTrait>);

impl Whole {
    fn boxed(migration: Box<dyn MigrationTrait>) -> Box<dyn MigrationTrait> {
        Box::new(Self(migration))
    }
}

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Whole {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(schema).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.0.use_transaction().or(Some(true))
    }
}

/// Runs what only SQL can express, in the dialect of the database in use.
async fn run(schema: &SchemaManager<'_>, postgres: &str, sqlite: &str) -> Result<(), DbErr> {
    let sql = if schema.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    #[expect(clippy::disallowed_methods, reason = "a migration is the place for raw SQL")]
    schema.get_connection().execute_unprepared(sql).await.map(|_| ())
}

/// Creates one index per list of columns, named after the table and the first column.
async fn index(schema: &SchemaManager<'_>, table: &'static str, lists: &[&[&'static str]]) -> Result<(), DbErr> {
    for columns in lists {
        let mut index = Index::create();
        index.name(format!("{table}_by_{}", columns.join("_"))).table(table);
        for column in *columns {
            index.col(*column);
        }
        schema.create_index(index).await?;
    }
    Ok(())
}
