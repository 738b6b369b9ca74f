//! API keys have a name, an optional end and their last use, and entries the key that their request was made with.
//!
//! All columns may be null: an older version of the service inserts rows without them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column per statement.
        for column in [
            string_len_null("name", 100).to_owned(),
            timestamp_with_time_zone_null("expires_at").to_owned(),
            timestamp_with_time_zone_null("last_used_at").to_owned(),
        ] {
            schema.alter_table(Table::alter().table("api_keys").add_column(column).to_owned()).await?;
        }
        schema.alter_table(Table::alter().table("audit_entries").add_column(uuid_null("api_key_id")).to_owned()).await
    }
}
