//! Counts failed guesses of passwords and refresh tokens, and stores until when the next attempt has to wait.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let throttles = Table::create()
            .table("sign_in_throttles")
            .col(string_len("throttle_key", 66).primary_key())
            .col(string_len("account_key", 66))
            .col(integer("failed_count"))
            .col(timestamp_with_time_zone("waits_until"))
            .col(timestamp_with_time_zone("resets_at"))
            .to_owned();
        schema.create_table(throttles).await?;
        super::index(schema, "sign_in_throttles", &[&["account_key"], &["resets_at"]]).await
    }
}
