//! The fields that a member has edited since a case was completed or rejected, so that no rule about the case reads the log.

use sea_orm_migration::sea_orm::{DbBackend, Statement};
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// For the cases that can be resubmitted, from the log; names may occur twice. The cases' entries are found by an index.
const BACKFILL: &str = "
UPDATE cases SET member_edits = (
  SELECT AGGREGATE(entry.changed_fields, ',') FROM audit_entries AS entry
  WHERE entry.case_id = cases.id AND entry.actor_id = cases.member_id AND entry.outcome = 'success'
    AND entry.action_type IN ('case_details_edited', 'case_updated')
    AND entry.occurred_at >= CASE cases.status WHEN 'completed' THEN cases.completed_at ELSE cases.rejected_at END
)
WHERE status IN ('completed', 'needs_resubmission');
";

/// The trigger that demands an entry for each changed case. The column is the service's own bookkeeping, which no entry covers.
const NET: &str = "cases_audited_update";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // Without a default: an older replica inserts rows without the column. What members edit by way of an older replica while
        // the new version is rolled out is not noticed; they can edit it once more.
        let add = Table::alter().table("cases").add_column(text_null("member_edits")).to_owned();
        schema.alter_table(add).await?;
        if schema.get_database_backend() == DbBackend::Postgres {
            let backfill = BACKFILL.replace("AGGREGATE", "string_agg");
            let steps = format!(
                "ALTER TABLE cases DISABLE TRIGGER cases_audited; {backfill} ALTER TABLE cases ENABLE TRIGGER cases_audited;"
            );
            return super::run(schema, &steps, "").await;
        }
        let sql = format!("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = '{NET}'");
        let net = schema.get_connection().query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
        let net: String = net.ok_or_else(|| DbErr::Custom(format!("the trigger {NET} is missing")))?.try_get("", "sql")?;
        let backfill = BACKFILL.replace("AGGREGATE", "group_concat");
        let steps = format!("SAVEPOINT member_edits; DROP TRIGGER {NET}; {backfill} {net}; RELEASE member_edits;");
        super::run(schema, "", &steps).await
    }
}
