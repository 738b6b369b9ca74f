//! Cases, and in separate tables what changes without being part of their history.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

const STATUSES: [&str; 8] =
    ["draft", "submitted", "accepted", "hold", "pending_review", "needs_resubmission", "resubmitted", "completed"];
const REVIEW_STATUSES: [&str; 3] = ["approved", "revisions_requested", "corrections_needed"];
const REJECTION_REASONS: [&str; 6] =
    ["incomplete_fff", "missing_documents", "insufficient_data", "invalid_credit_request", "tier_mismatch", "other"];
/// The columns that contain a user's id.
const PEOPLE: [&str; 6] = ["member_id", "created_by_id", "assigned_to_id", "accepted_by_id", "reviewed_by_id", "rejected_by_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.create_table(cases()).await?;
        super::index(
            schema,
            "cases",
            &[&["member_id", "id"], &["assigned_to_id", "id"], &["status", "id"], &["due_on", "id"], &["updated_at", "id"]],
        )
        .await?;

        let numbers = Table::create()
            .table("case_numbers")
            .col(string_len("prefix", 32).primary_key())
            .col(integer("last_number"))
            .to_owned();
        schema.create_table(numbers).await?;

        let updates = Table::create()
            .table("case_member_updates")
            .col(uuid("case_id").primary_key())
            .col(boolean("has_member_updates"))
            .col(timestamp_with_time_zone_null("member_last_update_at"))
            .foreign_key(ForeignKey::create().from("case_member_updates", "case_id").to("cases", "id"))
            .to_owned();
        schema.create_table(updates).await
    }
}

fn cases() -> TableCreateStatement {
    let mut cases = Table::create();
    cases
        .table("cases")
        .col(uuid("id").primary_key())
        .col(string_len("case_number", 32).unique_key())
        .col(string_len("workshop_code", 50))
        .col(uuid("member_id"))
        .col(uuid("created_by_id"))
        .col(string_len("employee_first_name", 100))
        .col(string_len("employee_last_name", 100))
        .col(string_len_null("client_email", 254))
        .col(integer("num_reports_requested").check(Expr::col("num_reports_requested").between(1, 10)))
        .col(string_len("urgency", 8).check(Expr::col("urgency").is_in(["normal", "rush"])))
        .col(string_len("status", 24).check(Expr::col("status").is_in(STATUSES)))
        .col(string_len_null("tier", 8).check(Expr::col("tier").is_in(["tier_1", "tier_2", "tier_3"])))
        .col(uuid_null("assigned_to_id"))
        .col(uuid_null("accepted_by_id"))
        .col(timestamp_with_time_zone_null("submitted_at"))
        .col(timestamp_with_time_zone_null("accepted_at"))
        .col(date("due_on"))
        .col(timestamp_with_time_zone_null("completed_at"))
        .col(integer("credit_tenths").check(Expr::col("credit_tenths").between(5, 30)))
        .col(text_null("special_notes"))
        .col(text_null("internal_notes"))
        .col(text_null("report_notes_to_member"))
        .col(text_null("hold_reason"))
        .col(timestamp_with_time_zone_null("held_at"))
        .col(big_integer_null("hold_duration_seconds"))
        .col(timestamp_with_time_zone_null("hold_expected_end_at"))
        .col(uuid_null("reviewed_by_id"))
        .col(timestamp_with_time_zone_null("reviewed_at"))
        .col(string_len_null("review_status", 24).check(Expr::col("review_status").is_in(REVIEW_STATUSES)))
        .col(text_null("review_notes"))
        .col(string_len_null("rejection_reason", 32).check(Expr::col("rejection_reason").is_in(REJECTION_REASONS)))
        .col(text_null("rejection_notes"))
        .col(timestamp_with_time_zone_null("rejected_at"))
        .col(uuid_null("rejected_by_id"))
        .col(timestamp_with_time_zone_null("scheduled_release_at"))
        .col(timestamp_with_time_zone_null("released_at"))
        .col(integer("resubmission_count"))
        .col(string_len_null("previous_status", 24).check(Expr::col("previous_status").is_in(STATUSES)))
        .col(timestamp_with_time_zone_null("resubmitted_at"))
        .col(text_null("resubmission_notes"))
        .col(text("search_text"))
        .col(integer("version"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone_null("deleted_at"));
    for column in PEOPLE {
        cases.foreign_key(ForeignKey::create().from("cases", column).to("users", "id"));
    }
    cases.to_owned()
}
