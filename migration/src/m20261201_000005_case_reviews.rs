//! The review history, append-only like the audit log.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ACTIONS: [&str; 5] = ["submitted_for_review", "approved", "revisions_requested", "corrections_needed", "resubmitted"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let reviews = Table::create()
            .table("case_reviews")
            .col(uuid("id").primary_key())
            .col(uuid("case_id"))
            .col(string_len("case_number", 32))
            .col(timestamp_with_time_zone("reviewed_at"))
            .col(string_len("review_action", 24).check(Expr::col("review_action").is_in(ACTIONS)))
            .col(uuid("reviewer_id"))
            .col(uuid_null("original_technician_id"))
            .col(text_null("notes"))
            .col(integer("review_cycle"))
            .col(integer_null("decision_number"))
            .col(big_integer_null("turnaround_seconds"))
            .to_owned();
        schema.create_table(reviews).await?;
        super::index(schema, "case_reviews", &[&["case_id", "id"], &["reviewer_id", "id"], &["review_action", "id"]]).await?;
        super::run(schema, POSTGRES, SQLITE).await
    }
}

const POSTGRES: &str = "
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = '42501';
END $$;
CREATE TRIGGER case_reviews_unaltered BEFORE UPDATE OR DELETE ON case_reviews
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_reviews_kept BEFORE TRUNCATE ON case_reviews
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
";

// REPLACE deletes without firing delete triggers while recursive_triggers is off, so an insert first checks whether its row
// exists.
const SQLITE: &str = "
CREATE TRIGGER case_reviews_unaltered BEFORE UPDATE ON case_reviews
  BEGIN SELECT RAISE(ABORT, 'case_reviews is append-only (UPDATE)'); END;
CREATE TRIGGER case_reviews_kept BEFORE DELETE ON case_reviews
  BEGIN SELECT RAISE(ABORT, 'case_reviews is append-only (DELETE)'); END;
CREATE TRIGGER case_reviews_not_replaced BEFORE INSERT ON case_reviews
  WHEN EXISTS (SELECT 1 FROM case_reviews WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'case_reviews is append-only (REPLACE)'); END;
";
