//! The documents of cases; their bytes are stored outside the database.

use super::m20261201_000008_audit_nets::cast_net;
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TYPES: [&str; 4] = ["fact_finder", "supporting", "report", "other"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let documents = Table::create()
            .table("documents")
            .col(uuid("id").primary_key())
            .col(uuid("case_id"))
            .col(string_len("case_number", 32))
            .col(string_len("document_type", 16).check(Expr::col("document_type").is_in(TYPES)))
            .col(integer_null("report_number").check(Expr::col("report_number").between(1, 10)))
            .col(string_len("filename", 255))
            .col(string_len("content_type", 127))
            .col(big_integer("size_bytes").check(Expr::col("size_bytes").gt(0)))
            .col(string_len("sha256", 64))
            .col(text_null("notes"))
            .col(uuid("uploaded_by_id"))
            .col(integer("version"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .col(timestamp_with_time_zone_null("deleted_at"))
            .foreign_key(ForeignKey::create().from("documents", "case_id").to("cases", "id"))
            .foreign_key(ForeignKey::create().from("documents", "uploaded_by_id").to("users", "id"))
            .to_owned();
        schema.create_table(documents).await?;
        super::index(schema, "documents", &[&["case_id", "id"]]).await?;
        super::run(schema, ONE_OF_A_NUMBER, ONE_OF_A_NUMBER).await?;
        cast_net(schema, "documents", "document").await
    }
}

// Both databases support partial indexes, with the same syntax.
const ONE_OF_A_NUMBER: &str = "
CREATE UNIQUE INDEX documents_one_report_of_a_number ON documents (case_id, report_number)
  WHERE report_number IS NOT NULL AND deleted_at IS NULL;
";
