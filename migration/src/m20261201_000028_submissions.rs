//! The net of the review history on SQLite: each submission for review, whether the first of its case or a later one
//! (`resubmitted`), has the entry of a submission.
//!
//! Version 0.1.0 calls a member's resubmission `resubmitted` and writes it with the entry of one. That entry counts as well, so
//! that version 0.1.0 can still write to a database that was migrated.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // PostgreSQL demands any entry of the case.
        if schema.get_database_backend() == DbBackend::Postgres {
            return Ok(());
        }
        super::run(schema, "", SQLITE).await
    }
}

const SQLITE: &str = "
DROP TRIGGER case_reviews_recorded;
CREATE TRIGGER case_reviews_recorded AFTER INSERT ON case_reviews
  WHEN (
    SELECT count(*) FROM case_reviews AS step
    WHERE step.case_id = NEW.case_id AND step.reviewed_at = NEW.reviewed_at AND
      (step.review_action IN ('submitted_for_review', 'resubmitted')) =
      (NEW.review_action IN ('submitted_for_review', 'resubmitted'))
  ) > (
    SELECT count(*) FROM audit_entries AS entry
    WHERE entry.case_id = NEW.case_id AND entry.occurred_at = NEW.reviewed_at AND +entry.object_type = 'case'
      AND +entry.outcome = 'success' AND CASE
        WHEN NEW.review_action IN ('submitted_for_review', 'resubmitted')
          THEN entry.action_type IN ('review_submitted', 'case_resubmitted')
        ELSE entry.action_type = 'review_updated'
      END
  )
  BEGIN
    INSERT INTO audit_debt (object_type, object_id, entries_before)
      SELECT 'case', lower(hex(NEW.case_id)), (SELECT coalesce(max(rowid), 0) FROM audit_entries)
      WHERE NOT EXISTS (SELECT 1 FROM audit_debt WHERE object_type = 'case' AND object_id = lower(hex(NEW.case_id)));
  END;
";
