//! Rollups: the entries of each civil day, counted in three small tables, from which the reports are answered; and the job that
//! compares them with the log.
//!
//! Rows of several generations may stand beside each other, while another one is counted or an old one is deleted;
//! `ledger_state` names the one that is read.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        type_days(schema).await?;
        actor_days(schema).await?;
        case_days(schema).await?;
        super::run(schema, POSTGRES, "").await?;
        super::run(schema, JOB, JOB).await
    }
}

async fn type_days(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("ledger_type_days")
        .col(integer("generation"))
        .col(date("day"))
        .col(string_len("action_type", 32))
        .col(string_len("outcome", 8))
        .col(string_len("actor_type", 16))
        .col(big_integer("entry_count"))
        .col(big_integer("on_cases"))
        .col(timestamp_with_time_zone("last_at"))
        .primary_key(Index::create().col("generation").col("day").col("action_type").col("outcome").col("actor_type"))
        .to_owned();
    schema.create_table(table).await
}

/// Parts of a key are never null, since nulls are distinct: an entry without an actor has the nil id, one without a topic an
/// empty text.
async fn actor_days(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("ledger_actor_days")
        .col(integer("generation"))
        .col(date("day"))
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
                .col("day")
                .col("actor_id")
                .col("actor_label")
                .col("action_type")
                .col("outcome")
                .col("topic"),
        )
        .to_owned();
    schema.create_table(table).await?;
    super::index(schema, "ledger_actor_days", &[&["generation", "actor_id", "day"]]).await
}

async fn case_days(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("ledger_case_days")
        .col(integer("generation"))
        .col(date("day"))
        .col(uuid("case_id"))
        .col(string_len("action_type", 32))
        .col(big_integer("entry_count"))
        .primary_key(Index::create().col("generation").col("day").col("case_id").col("action_type"))
        .to_owned();
    schema.create_table(table).await?;
    super::index(schema, "ledger_case_days", &[&["generation", "case_id", "day"]]).await
}

/// The rows of today are updated again and again: with space left on their page, no index has to follow.
const POSTGRES: &str = "
ALTER TABLE ledger_type_days SET (fillfactor = 80);
ALTER TABLE ledger_actor_days SET (fillfactor = 80);
ALTER TABLE ledger_case_days SET (fillfactor = 80);
";

/// The row of the job that compares a week of them with the log each night.
const JOB: &str = "INSERT INTO jobs (name) VALUES ('check_rollups')";
