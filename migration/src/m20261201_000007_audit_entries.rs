//! The audit log, and the triggers that make it append-only for everyone; no foreign key refers from it to other tables.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let entries = Table::create()
            .table("audit_entries")
            .col(uuid("id").primary_key())
            .col(timestamp_with_time_zone("occurred_at"))
            .col(string_len("action_type", 32))
            .col(string_len("outcome", 8).check(Expr::col("outcome").is_in(["success", "failure", "denied"])))
            .col(string_len("actor_type", 16).check(Expr::col("actor_type").is_in(["user", "service", "system", "anonymous"])))
            .col(uuid_null("actor_id"))
            .col(string_len("actor_label", 64))
            .col(uuid_null("case_id"))
            .col(string_len_null("case_number", 32))
            .col(uuid_null("document_id"))
            .col(uuid_null("related_user_id"))
            .col(string_len("object_type", 32))
            .col(string_len("object_id", 64))
            .col(string_len_null("topic", 64))
            .col(string_len("source", 16))
            .col(string_len_null("ip_address", 45))
            .col(string_len("request_id", 64))
            .col(text_null("changed_fields"))
            .col(text("description"))
            .col(text("search_text"))
            .col(text("body"))
            .to_owned();
        schema.create_table(entries).await?;
        super::index(
            schema,
            "audit_entries",
            &[
                &["action_type", "id"],
                &["actor_id", "id"],
                &["case_id", "id"],
                &["related_user_id", "id"],
                &["object_type", "object_id", "id"],
                &["request_id", "id"],
            ],
        )
        .await?;
        super::run(schema, POSTGRES, SQLITE).await
    }
}

const POSTGRES: &str = "
CREATE TRIGGER audit_entries_unaltered BEFORE UPDATE OR DELETE ON audit_entries
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_kept BEFORE TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
";

// REPLACE deletes without firing delete triggers while recursive_triggers is off, so an insert first checks whether its row
// exists.
const SQLITE: &str = "
CREATE TRIGGER audit_entries_unaltered BEFORE UPDATE ON audit_entries
  BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only (UPDATE)'); END;
CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries
  BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only (DELETE)'); END;
CREATE TRIGGER audit_entries_not_replaced BEFORE INSERT ON audit_entries
  WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only (REPLACE)'); END;
";
