//! What is known of attempts and readings that were only counted, and when their time is over, so that an entry can report them;
//! and whether it is recorded which cases and people the staff read.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // One statement per column: SQLite adds one at a time. Both are null in rows that an older version
        // of the service writes meanwhile.
        for column in [timestamp_with_time_zone_null("ends_at"), text_null("folded")] {
            schema.alter_table(Table::alter().table("attempts").add_column(column).to_owned()).await?;
        }
        // With a default, so that an older version of the service keeps working.
        let record_views = boolean("record_views").default(false).to_owned();
        schema.alter_table(Table::alter().table("settings").add_column(record_views).to_owned()).await
    }
}
