//! An index from each job to its last runs: job health is queried every few seconds, and the audit log has millions of entries.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // A partial index, so that no other entry incurs its cost.
        let index = "CREATE INDEX audit_entries_job_runs ON audit_entries (topic, outcome, id) \
                     WHERE action_type = 'cron_job_executed'";
        super::run(schema, index, index).await
    }
}
