//! Which unreleased changes of a case are hidden from its member: how many there were, and the time of the last one shown.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // An older replica inserts rows without these columns. SQLite adds one column per statement.
        let secret_moves = Table::alter().table("cases").add_column(integer("secret_moves").default(0)).to_owned();
        schema.alter_table(secret_moves).await?;
        let shown = Table::alter().table("cases").add_column(timestamp_with_time_zone_null("shown_updated_at")).to_owned();
        schema.alter_table(shown).await
    }
}
