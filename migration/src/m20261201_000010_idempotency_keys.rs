//! Responses stored under their `Idempotency-Key`, so that a retried request is not executed again.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("idempotency_keys")
            // A digest of caller, operation and key.
            .col(char_len("scope", 64).primary_key())
            .col(char_len("fingerprint", 64))
            .col(timestamp_with_time_zone("claimed_at"))
            .col(integer_null("status"))
            .col(integer_null("version"))
            .col(string_len_null("location", 200))
            .col(text_null("answer"))
            .to_owned();
        schema.create_table(keys).await?;
        super::index(schema, "idempotency_keys", &[&["claimed_at"]]).await
    }
}
