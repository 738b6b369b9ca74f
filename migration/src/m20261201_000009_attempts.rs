//! Counts the refusals per key within a minute, so that a flood of refusals can't flood the audit log.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let attempts = Table::create()
            .table("attempts")
            .col(string_len("attempt_key", 120).primary_key())
            .col(timestamp_with_time_zone("minute_started_at"))
            .col(integer("recorded_count"))
            .col(integer("folded_count"))
            .to_owned();
        schema.create_table(attempts).await
    }
}
