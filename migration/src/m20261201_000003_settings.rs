//! The service's settings: one row that always exists.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let settings = Table::create()
            .table("settings")
            .col(uuid("id").primary_key())
            .col(integer("default_case_due_days"))
            .col(integer("rush_case_threshold_days"))
            .col(integer("default_completion_delay_hours"))
            .col(boolean("email_notifications_enabled"))
            .col(integer("default_email_delay_hours"))
            .col(string_len_null("reply_email_address", 254))
            .col(integer("default_quarterly_credits"))
            .col(string_len("time_zone", 64))
            .col(boolean("own_activity_enabled"))
            .col(integer("version"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .to_owned();
        schema.create_table(settings).await?;
        super::run(
            schema,
            &the_row("'00000000-0000-7000-8000-000000000001'", "now()"),
            &the_row("X'00000000000070008000000000000001'", "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"),
        )
        .await
    }
}

/// The default settings of the domain.
fn the_row(id: &str, now: &str) -> String {
    format!("INSERT INTO settings VALUES ({id}, 7, 7, 0, true, 0, NULL, 100, 'America/Chicago', true, 1, {now}, {now})")
}
