//! Whether a case is visible to its creator as such: not to a member who created it and whose case it is no longer.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // With a default, since an older replica inserts rows without the column. No case was handed over until now.
        let creator_sees_it = Table::alter().table("cases").add_column(boolean("creator_sees_it").default(true)).to_owned();
        schema.alter_table(creator_sees_it).await
    }
}
