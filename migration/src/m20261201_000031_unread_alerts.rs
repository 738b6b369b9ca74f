//! Unread alerts: an index to count them by, and no dismissed alert among them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        super::run(schema, DISMISSED, DISMISSED).await?;
        super::run(schema, INDEX, INDEX).await
    }
}

/// The previous version leaves `read_at` empty when an alert is dismissed.
const DISMISSED: &str = "UPDATE alerts SET read_at = dismissed_at WHERE read_at IS NULL AND dismissed_at IS NOT NULL";

const INDEX: &str = "CREATE INDEX alerts_unread ON alerts (recipient_id) WHERE read_at IS NULL";
