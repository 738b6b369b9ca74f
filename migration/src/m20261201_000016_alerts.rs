//! Alerts for users.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // No foreign key: raising an alert must not wait for a transaction that has the recipient's account locked, and accounts
        // are never removed.
        let alerts = Table::create()
            .table("alerts")
            .col(uuid("id").primary_key())
            .col(uuid("recipient_id"))
            .col(string_len("kind", 32))
            .col(string_len("severity", 16).check(Expr::col("severity").is_in(["info", "warning", "critical"])))
            .col(string_len("title", 200))
            .col(text("message"))
            .col(uuid_null("case_id"))
            .col(string_len_null("case_number", 32))
            .col(timestamp_with_time_zone("raised_at"))
            .col(timestamp_with_time_zone_null("read_at"))
            .col(timestamp_with_time_zone_null("dismissed_at"))
            .to_owned();
        schema.create_table(alerts).await?;
        super::index(schema, "alerts", &[&["recipient_id", "id"]]).await
    }
}
