//! Entries are found by the API key that their request was made with.
//!
//! On PostgreSQL the index is built beside the service's work, which no transaction allows. Interrupted, it leaves an invalid
//! index, which the next attempt drops.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        super::run(schema, "DROP INDEX CONCURRENTLY IF EXISTS audit_entries_by_api_key_id_id", "").await?;
        super::run(schema, POSTGRES, SQLITE).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}

// Partial, so that entries made without a key do not incur its cost.
const POSTGRES: &str =
    "CREATE INDEX CONCURRENTLY audit_entries_by_api_key_id_id ON audit_entries (api_key_id, id) WHERE api_key_id IS NOT NULL";
const SQLITE: &str =
    "CREATE INDEX IF NOT EXISTS audit_entries_by_api_key_id_id ON audit_entries (api_key_id, id) WHERE api_key_id IS NOT NULL";
