//! Jobs, their runs, and what is needed to send an email, retry it, or give it up.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The jobs of the service; the row of each is the lock that allows one run at a time.
const JOBS: [&str; 4] = ["check_expired_holds", "quarterly_credit_reset", "release_scheduled_cases", "send_scheduled_emails"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        outbox(schema).await?;
        jobs(schema).await?;
        job_runs(schema).await?;
        let reminded = Table::create()
            .table("overdue_holds")
            .col(uuid("case_id"))
            .col(timestamp_with_time_zone("held_at"))
            .primary_key(Index::create().col("case_id").col("held_at"))
            .to_owned();
        schema.create_table(reminded).await
    }
}

async fn outbox(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    // SQLite adds one column per statement.
    let columns = [
        text("parameters").default("{}").to_owned(),
        uuid_null("case_id").to_owned(),
        string_len_null("case_number", 32).to_owned(),
        uuid_null("related_user_id").to_owned(),
        timestamp_with_time_zone_null("send_after").to_owned(),
        integer("attempts").default(0).to_owned(),
        timestamp_with_time_zone_null("last_attempt_at").to_owned(),
        string_len_null("last_error", 500).to_owned(),
        timestamp_with_time_zone_null("sent_at").to_owned(),
    ];
    for column in columns {
        schema.alter_table(Table::alter().table("outbox").add_column(column).to_owned()).await?;
    }
    super::index(schema, "outbox", &[&["status", "send_after"]]).await
}

async fn jobs(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let jobs = Table::create()
        .table("jobs")
        .col(string_len("name", 64).primary_key())
        .col(uuid_null("lease_holder"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(timestamp_with_time_zone_null("watched_since"))
        .to_owned();
    schema.create_table(jobs).await?;
    let rows = JOBS.map(|job| format!("('{job}')")).join(", ");
    let insert = format!("INSERT INTO jobs (name) VALUES {rows}");
    super::run(schema, &insert, &insert).await
}

async fn job_runs(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let runs = Table::create()
        .table("job_runs")
        .col(uuid("id").primary_key())
        .col(string_len("job_name", 64))
        .col(string_len("trigger", 16))
        .col(timestamp_with_time_zone_null("scheduled_for"))
        .col(uuid_null("requested_by_id"))
        .col(boolean("dry_run"))
        .col(string_len("status", 16))
        .col(big_integer("records_processed"))
        .col(big_integer("records_failed"))
        .col(string_len_null("error_message", 500))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone("finished_at"))
        .col(big_integer("duration_ms"))
        .to_owned();
    schema.create_table(runs).await?;
    // A period of a job is run once, by the first replica to start it. Manual runs have no period, and nulls are distinct.
    let once =
        Index::create().name("job_runs_once_a_period").table("job_runs").col("job_name").col("scheduled_for").unique().to_owned();
    schema.create_index(once).await?;
    super::index(schema, "job_runs", &[&["job_name", "id"]]).await
}
