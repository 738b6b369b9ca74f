//! The API keys of service accounts, as hashes.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("api_keys")
            .col(uuid("id").primary_key())
            .col(uuid("user_id"))
            .col(string_len("key_hash", 64).unique_key())
            .col(string_len("hint", 16))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("revoked_at"))
            .foreign_key(ForeignKey::create().from("api_keys", "user_id").to("users", "id"))
            .to_owned();
        schema.create_table(keys).await?;
        super::index(schema, "api_keys", &[&["user_id", "id"]]).await
    }
}
