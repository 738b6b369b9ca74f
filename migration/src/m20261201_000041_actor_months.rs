//! Rollups by month beside those by day: who did what how often, of which reports on a long period would otherwise read a row for
//! each day.
//!
//! The rows are counted anew from the log, since the version of the rules has increased; until then, reports read the log.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        actor_months(schema).await?;
        super::run(schema, POSTGRES, "").await?;
        super::run(schema, RULES, RULES).await
    }
}

/// The columns are those of `ledger_actor_days`, with the first day of the month in place of the day.
async fn actor_months(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("ledger_actor_months")
        .col(integer("generation"))
        .col(date("month"))
        .col(uuid("actor_id"))
        .col(string_len("actor_label", 64))
        .col(string_len("action_type", 32))
        .col(string_len("outcome", 8))
        .col(string_len("topic", 64))
        .col(big_integer("entry_count"))
        .col(big_integer("on_cases"))
        .col(timestamp_with_time_zone("last_at"))
        .primary_key(
            Index::create()
                .col("generation")
                .col("month")
                .col("actor_id")
                .col("actor_label")
                .col("action_type")
                .col("outcome")
                .col("topic"),
        )
        .to_owned();
    schema.create_table(table).await?;
    super::index(schema, "ledger_actor_months", &[&["generation", "actor_id", "month"]]).await
}

/// Neither the version that counted without this table counts from now on, nor does this one read rollups until it has counted
/// all entries again: the version of the rules is above the former's and below this one's.
const RULES: &str = "UPDATE ledger_state SET rules = 3000000";

/// The rows of this month are updated again and again: with space left on their page, no index has to follow.
const POSTGRES: &str = "ALTER TABLE ledger_actor_months SET (fillfactor = 80)";
