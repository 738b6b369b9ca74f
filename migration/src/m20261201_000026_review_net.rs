//! The net of the review history: at COMMIT, a step must have an entry of its case.
//!
//! PostgreSQL demands a successful entry of the case that this very transaction wrote, as for the audited tables. On SQLite a
//! step runs up the debt of its case unless there is an entry for it: of the same case, instant and kind, and not used by another
//! step. A debt alone would not do: steps follow the entries that they belong to, also in earlier versions of the service.

use super::m20261201_000020_nets::{home, in_home, path};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        if schema.get_database_backend() != DbBackend::Postgres {
            return super::run(schema, "", SQLITE).await;
        }
        let home = home(schema.get_connection()).await?;
        let (name, body) = FUNCTION;
        let function = format!(
            "CREATE FUNCTION {home}.{name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {} AS $${}$$",
            path(&home),
            in_home(body, &home)
        );
        super::run(schema, &function, "").await?;
        super::run(schema, POSTGRES, "").await
    }
}

/// The trigger function and its name.
pub(crate) const FUNCTION: (&str, &str) = ("demand_case_entry", DEMAND_CASE_ENTRY);

const DEMAND_CASE_ENTRY: &str = "
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM (
      SELECT entry.object_type, entry.outcome, entry.xmin AS writer FROM HOME.audit_entries AS entry
      WHERE entry.txid = pg_catalog.pg_current_xact_id() AND entry.object_id = NEW.case_id::pg_catalog.text OFFSET 0
    ) AS entry
    WHERE entry.object_type = 'case' AND entry.outcome = 'success'
      AND entry.writer = pg_catalog.pg_current_xact_id()::pg_catalog.xid
  ) THEN
    RAISE EXCEPTION 'unaudited % on % %', TG_OP, TG_TABLE_NAME, NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END ";

/// The trigger, as PostgreSQL represents it.
pub(crate) const POSTGRES: &str = "CREATE CONSTRAINT TRIGGER case_reviews_recorded AFTER INSERT ON case_reviews \
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_case_entry()";

const SQLITE: &str = "
CREATE TRIGGER case_reviews_recorded AFTER INSERT ON case_reviews
  WHEN (
    SELECT count(*) FROM case_reviews AS step
    WHERE step.case_id = NEW.case_id AND step.reviewed_at = NEW.reviewed_at AND
      CASE step.review_action WHEN 'submitted_for_review' THEN 1 WHEN 'resubmitted' THEN 2 ELSE 3 END =
      CASE NEW.review_action WHEN 'submitted_for_review' THEN 1 WHEN 'resubmitted' THEN 2 ELSE 3 END
  ) > (
    SELECT count(*) FROM audit_entries AS entry
    WHERE entry.case_id = NEW.case_id AND entry.occurred_at = NEW.reviewed_at AND +entry.object_type = 'case'
      AND +entry.outcome = 'success' AND +entry.action_type =
      CASE NEW.review_action
        WHEN 'submitted_for_review' THEN 'review_submitted' WHEN 'resubmitted' THEN 'case_resubmitted' ELSE 'review_updated'
      END
  )
  BEGIN
    INSERT INTO audit_debt (object_type, object_id, entries_before)
      SELECT 'case', lower(hex(NEW.case_id)), (SELECT coalesce(max(rowid), 0) FROM audit_entries)
      WHERE NOT EXISTS (SELECT 1 FROM audit_debt WHERE object_type = 'case' AND object_id = lower(hex(NEW.case_id)));
  END;
";
