//! Updates of cases and users that touch no index: PostgreSQL then writes the new version of a row into the same page and into no
//! index (a heap-only tuple). Every update changes `updated_at`, so an index on it forbids that; and each page needs room to
//! spare, which pages have that are written from now on.
//!
//! Lists in the order of `updated_at` are sorted in memory there. (A BRIN index on `updated_at` leaves updates heap-only from
//! PostgreSQL 16 on, but selects nothing: a case that is changed stays in its page, so each range of pages has recent changes.)
//! SQLite keeps the index: an update writes only those whose columns change.
//!
//! The index is dropped beside the service's work, which no transaction allows. Each step can be repeated.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        super::run(schema, "DROP INDEX CONCURRENTLY IF EXISTS cases_by_updated_at_id", "").await?;
        super::run(schema, "ALTER TABLE cases SET (fillfactor = 85)", "").await?;
        super::run(schema, "ALTER TABLE users SET (fillfactor = 85)", "").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
