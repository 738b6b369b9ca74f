//! Which refresh token each one was exchanged for, so that a client that repeats itself is told from a thief.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // Null for the first of a session, and for those that were given out before this column was there.
        let column = string_len_null("replaces", 64);
        schema.alter_table(Table::alter().table("refresh_tokens").add_column(column).to_owned()).await
    }
}
