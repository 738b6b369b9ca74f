//! How much the documents of a member and of a case may take up.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // A statement each: SQLite adds one column at a time. With a default, so that an older version of the service goes on.
        for (name, default) in [("member_document_quota_mib", 5_120), ("case_document_quota_mib", 2_048)] {
            let add = Table::alter().table("settings").add_column(integer(name).default(default)).to_owned();
            schema.alter_table(add).await?;
        }
        super::index(schema, "documents", &[&["uploaded_by_id", "size_bytes"]]).await
    }
}
