//! Limits for the total size of a member's and of a case's documents.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // One statement per column: SQLite adds one at a time. With a default, so that an older version of the service keeps
        // working.
        for (name, default) in [("member_document_quota_mib", 5_120), ("case_document_quota_mib", 2_048)] {
            let add = Table::alter().table("settings").add_column(integer(name).default(default)).to_owned();
            schema.alter_table(add).await?;
        }
        super::index(schema, "documents", &[&["uploaded_by_id", "size_bytes"]]).await
    }
}
