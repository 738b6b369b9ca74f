//! Emails waiting to be sent.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let outbox = Table::create()
            .table("outbox")
            .col(uuid("id").primary_key())
            .col(string_len("status", 16).check(Expr::col("status").is_in(["pending", "sent", "failed", "skipped"])))
            .col(string_len("recipient", 254))
            .col(string_len("template", 64))
            .col(timestamp_with_time_zone("queued_at"))
            .to_owned();
        schema.create_table(outbox).await?;
        super::index(schema, "outbox", &[&["status", "id"]]).await
    }
}
