//! Rollups with a row where there were ten: the changes to a case on a civil day in one row with a column for each kind, and the
//! same for the successful entries of an actor. The older table of changes had a row for each type of action.
//!
//! The rows are counted anew from the log, since the version of the rules has increased; until then, reports read the log.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The columns that count changes by kind.
const CHANGES: [&str; 8] = ["created", "status_changed", "tier_changed", "assigned", "resubmitted", "held", "resumed", "edited"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.drop_table(Table::drop().table("ledger_case_days").to_owned()).await?;
        case_days(schema).await?;
        actor_totals(schema).await?;
        super::run(schema, POSTGRES, "").await?;
        super::run(schema, RULES, RULES).await
    }
}

async fn case_days(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create();
    table.table("ledger_case_days").col(integer("generation")).col(date("day")).col(uuid("case_id"));
    for name in CHANGES {
        table.col(integer(name));
    }
    table.primary_key(Index::create().col("generation").col("day").col("case_id"));
    schema.create_table(table.to_owned()).await?;
    super::index(schema, "ledger_case_days", &[&["generation", "case_id", "day"]]).await
}

async fn actor_totals(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create();
    table
        .table("ledger_actor_totals")
        .col(integer("generation"))
        .col(date("day"))
        .col(uuid("actor_id"))
        .col(string_len("actor_label", 64))
        .col(integer("entry_count"))
        .col(integer("on_cases"))
        .col(timestamp_with_time_zone("last_at"));
    for name in CHANGES {
        table.col(integer(name));
    }
    table.primary_key(Index::create().col("generation").col("day").col("actor_id").col("actor_label"));
    schema.create_table(table.to_owned()).await
}

/// Neither the version that counted into the older tables reads or counts from now on, nor does this one until it has counted all
/// entries again: the version of the rules is above the former's and below this one's.
const RULES: &str = "UPDATE ledger_state SET rules = 2000000";

/// The rows of today are updated again and again: with space left on their page, no index has to follow.
const POSTGRES: &str = "
ALTER TABLE ledger_case_days SET (fillfactor = 80);
ALTER TABLE ledger_actor_totals SET (fillfactor = 80);
";
