//! The safety net for the settings: from here on they can be changed, and a change must have its entry.

use super::m20261201_000008_audit_nets::cast_net;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        cast_net(schema, "settings", "settings").await
    }
}
