//! The token that each refresh token was exchanged for, so that a repeating client can be distinguished from an attacker.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // Null for the first token of a session, and for tokens that were issued before this column existed.
        let column = string_len_null("replaces", 64);
        schema.alter_table(Table::alter().table("refresh_tokens").add_column(column).to_owned()).await
    }
}
