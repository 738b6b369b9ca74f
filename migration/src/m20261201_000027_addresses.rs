//! The email address of a deleted user is free again: unique are the addresses of the users who were not deleted.
//!
//! On PostgreSQL an index takes the place of the constraint, under the same name. SQLite can't drop a constraint, so there the
//! table is made anew with the same rows, indexes and triggers. Rows that refer to users are checked at COMMIT: dropping the
//! table counts them as orphans, and inserting the rows again takes that back.

use sea_orm_migration::sea_orm::{DbBackend, Statement};
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        if schema.get_database_backend() == DbBackend::Postgres {
            return super::run(schema, POSTGRES, "").await;
        }
        let dropped = dropped(schema.get_connection()).await?;
        super::run(schema, "", TAKE_OUT).await?;
        schema.create_table(users()).await?;
        // The triggers last: the rows that are put back are no change.
        super::run(schema, "", &format!("{PUT_BACK} {dropped}")).await
    }
}

const POSTGRES: &str = "
ALTER TABLE users DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted_at IS NULL;
";

const TAKE_OUT: &str = "
PRAGMA defer_foreign_keys = ON;
CREATE TABLE users_before AS SELECT * FROM users;
DROP TABLE users;
";

const PUT_BACK: &str = "
INSERT INTO users (id, username, email, first_name, last_name, phone_number, workshop_code, role, user_level, scopes, is_active,
    version, created_at, updated_at, deleted_at)
  SELECT id, username, email, first_name, last_name, phone_number, workshop_code, role, user_level, scopes, is_active, version,
    created_at, updated_at, deleted_at
  FROM users_before;
DROP TABLE users_before;
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted_at IS NULL;
";

/// As before, but for the address.
fn users() -> TableCreateStatement {
    let role = Expr::col("role").is_in(["member", "technician", "manager", "administrator", "service"]);
    let level = Expr::col("user_level").is_in(["level_1", "level_2", "level_3"]);
    Table::create()
        .table("users")
        .col(uuid("id").primary_key())
        .col(string_len("username", 64).unique_key())
        .col(string_len("email", 254))
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
        .to_owned()
}

/// What the triggers consider as a row that a new one replaces because it has the same address, before and from now on.
const RIVAL: &str = "other.email = NEW.email";
const LIVE_RIVAL: &str = "(other.email = NEW.email AND other.deleted_at IS NULL AND NEW.deleted_at IS NULL)";

/// The indexes and triggers that are dropped with the table, as they are to be made again.
async fn dropped<C: ConnectionTrait>(db: &C) -> Result<String, DbErr> {
    let sql = "SELECT sql FROM sqlite_master WHERE tbl_name = 'users' AND type IN ('index', 'trigger') AND sql IS NOT NULL \
               ORDER BY rowid";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let statements = rows.iter().map(|row| row.try_get::<String>("", "sql")).collect::<Result<Vec<String>, DbErr>>()?;
    let again: String = statements.iter().map(|sql| format!("{};\n", sql.replace(RIVAL, LIVE_RIVAL))).collect();
    // One trigger before an insert, one before an update.
    if again.matches(LIVE_RIVAL).count() == 2 {
        Ok(again)
    } else {
        Err(DbErr::Custom("the triggers of users are not as the migrations made them".to_owned()))
    }
}
