//! What is known of attempts that were only counted, and when their time is over: so that an entry can report them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // One statement per column: SQLite adds one at a time. Both are null in rows of an older version, which goes on counting
        // meanwhile.
        for column in [timestamp_with_time_zone_null("ends_at"), text_null("folded")] {
            schema.alter_table(Table::alter().table("attempts").add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
