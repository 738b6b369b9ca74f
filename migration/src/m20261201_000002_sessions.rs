//! Sessions, their refresh tokens, and the keys that sign access tokens.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let sessions = Table::create()
            .table("sessions")
            .col(uuid("id").primary_key())
            .col(uuid("user_id"))
            .col(timestamp_with_time_zone("started_at"))
            .col(timestamp_with_time_zone("last_used_at"))
            .col(timestamp_with_time_zone("expires_at"))
            .col(timestamp_with_time_zone_null("revoked_at"))
            .foreign_key(ForeignKey::create().from("sessions", "user_id").to("users", "id"))
            .to_owned();
        schema.create_table(sessions).await?;
        super::index(schema, "sessions", &[&["user_id"]]).await?;

        let tokens = Table::create()
            .table("refresh_tokens")
            .col(string_len("token_hash", 64).primary_key())
            .col(uuid("session_id"))
            .col(timestamp_with_time_zone("issued_at"))
            .col(timestamp_with_time_zone_null("used_at"))
            .foreign_key(ForeignKey::create().from("refresh_tokens", "session_id").to("sessions", "id"))
            .to_owned();
        schema.create_table(tokens).await?;
        super::index(schema, "refresh_tokens", &[&["session_id"]]).await?;

        let keys = Table::create()
            .table("signing_keys")
            .col(string_len("kid", 32).primary_key())
            .col(text("public_key"))
            .col(text("sealed_private_key"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("retired_at"))
            .to_owned();
        schema.create_table(keys).await
    }
}
