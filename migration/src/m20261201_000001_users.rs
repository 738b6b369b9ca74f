//! Users, and in a separate table what a login changes.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let role = Expr::col("role").is_in(["member", "technician", "manager", "administrator", "service"]);
        let level = Expr::col("user_level").is_in(["level_1", "level_2", "level_3"]);
        let users = Table::create()
            .table("users")
            .col(uuid("id").primary_key())
            .col(string_len("username", 64).unique_key())
            .col(string_len("email", 254).unique_key())
            .col(string_len("first_name", 128))
            .col(string_len("last_name", 128))
            .col(string_len_null("phone_number", 20))
            .col(string_len_null("workshop_code", 50))
            .col(string_len("role", 16).check(role))
            .col(string_len_null("user_level", 8).check(level))
            .col(string_len_null("scopes", 64))
            .col(boolean("is_active"))
            .col(integer("version"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .col(timestamp_with_time_zone_null("deleted_at"))
            .to_owned();
        schema.create_table(users).await?;
        super::index(schema, "users", &[&["role", "id"]]).await?;

        let credentials = Table::create()
            .table("credentials")
            .col(uuid("user_id").primary_key())
            .col(text_null("password_hash"))
            .col(timestamp_with_time_zone_null("last_login_at"))
            .foreign_key(ForeignKey::create().from("credentials", "user_id").to("users", "id"))
            .to_owned();
        schema.create_table(credentials).await
    }
}
