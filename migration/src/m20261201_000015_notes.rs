//! The notes on cases, with their safety net.

use super::m20261201_000008_audit_nets::cast_net;
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let notes = Table::create()
            .table("notes")
            .col(uuid("id").primary_key())
            .col(uuid("case_id"))
            .col(string_len("case_number", 32))
            .col(uuid("author_id"))
            .col(string_len("visibility", 16).check(Expr::col("visibility").is_in(["internal", "shared"])))
            .col(text("body"))
            .col(integer("version"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .col(timestamp_with_time_zone_null("deleted_at"))
            .foreign_key(ForeignKey::create().from("notes", "case_id").to("cases", "id"))
            .foreign_key(ForeignKey::create().from("notes", "author_id").to("users", "id"))
            .to_owned();
        schema.create_table(notes).await?;
        super::index(schema, "notes", &[&["case_id", "id"]]).await?;
        cast_net(schema, "notes", "note").await
    }
}
