//! The credit allowance of each member for a quarter, with the safety net that requires an entry for every change.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let allowances = Table::create()
            .table("credit_allowances")
            .col(uuid("id").primary_key())
            .col(uuid("member_id"))
            .col(string_len("quarter", 7))
            .col(integer("allowed_credits").check(Expr::col("allowed_credits").between(0, 10_000)))
            .col(text_null("notes"))
            .col(integer("version"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(ForeignKey::create().from("credit_allowances", "member_id").to("users", "id"))
            .to_owned();
        schema.create_table(allowances).await?;
        let mut once = Index::create();
        once.name("credit_allowances_once").table("credit_allowances").col("member_id").col("quarter").unique();
        schema.create_index(once).await?;
        super::index(schema, "credit_allowances", &[&["quarter", "id"]]).await?;
        super::run(schema, POSTGRES, "").await?;
        super::m20261201_000008_audit_nets::cast_net(schema, "credit_allowances", "credit_allowance").await
    }
}

// A reset of all members changes as many rows as it writes entries. The net used to search all entries of the transaction for
// each row, which made ten thousand of them a hundred million; now the index leads from the transaction and the row to the entry.
// OFFSET 0 still keeps the planner from using the index over all times, which starts with the type.
const POSTGRES: &str = "
DROP INDEX audit_entries_by_txid;
CREATE INDEX audit_entries_by_txid ON audit_entries (txid, object_id);
CREATE OR REPLACE FUNCTION demand_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM (
      SELECT object_type FROM audit_entries WHERE txid = pg_current_xact_id() AND object_id = changed::text OFFSET 0
    ) AS entry
    WHERE entry.object_type = TG_ARGV[0]
  ) THEN
    RAISE EXCEPTION 'unaudited % on % %', TG_OP, TG_TABLE_NAME, changed USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
";
