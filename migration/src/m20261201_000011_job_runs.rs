//! An index from each job to its last runs: a job is asked for every few seconds, and the trail has millions of entries.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // Partial, so that no other entry pays for it.
        let index = "CREATE INDEX audit_entries_job_runs ON audit_entries (topic, outcome, id) \
                     WHERE action_type = 'cron_job_executed'";
        super::run(schema, index, index).await
    }
}
