//! Export the users.

use super::stream::{self, AsOf, Row, RowCsvQuery, RowExportQuery};
use crate::http::Administrator;
use crate::http::answer::file::{CsvParameters, Format, example};
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpResponse, get};
use entity::user::{self, Level, Role};
use sea_orm::{DatabaseTransaction, Select};
use serde::Serialize;
use uuid::{Uuid, uuid};

/// A user as a flat row.
#[derive(Serialize)]
struct UserRow {
    id: Uuid,
    username: String,
    email: String,
    first_name: String,
    last_name: String,
    phone_number: Option<String>,
    workshop_code: Option<String>,
    role: Role,
    user_level: Option<Level>,
    is_active: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl Row for UserRow {
    const EXPORT: &'static str = "users";

    type Entity = user::Entity;

    fn example() -> Self {
        Self {
            id: uuid!("01a20725-be30-7584-bca5-f00e655c90d6"),
            username: "tech2".into(),
            email: "tech2@example.org".into(),
            first_name: "Tom".into(),
            last_name: "Reyes".into(),
            phone_number: None,
            workshop_code: None,
            role: Role::Technician,
            user_level: Some(Level::Two),
            is_active: true,
            created_at: Instant::example("2026-01-05T09:00:00.000Z"),
            updated_at: Instant::example("2026-06-01T10:30:00.000Z"),
        }
    }

    fn there() -> Select<user::Entity> {
        user::present()
    }

    async fn load(_: &DatabaseTransaction, rows: Vec<user::Model>, _: &AsOf) -> Result<Vec<Self>> {
        Ok(rows.into_iter().map(Self::from).collect())
    }
}

impl From<user::Model> for UserRow {
    fn from(row: user::Model) -> Self {
        Self {
            id: row.id,
            username: row.username,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            phone_number: row.phone_number,
            workshop_code: row.workshop_code,
            role: row.role,
            user_level: row.user_level,
            is_active: row.is_active,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// Export users as CSV
///
/// All users except deleted ones, or those created in a period. Oldest first, as RFC 4180 with CRLF; cells that a spreadsheet
/// would interpret as a formula are prefixed with an apostrophe. The export is recorded in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters, CsvParameters),
    responses(
        (
            status = OK, description = "The users, one per line", content_type = "text/csv", body = String,
            example = json!(example(UserRow::example(), Format::Csv)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/users.csv")]
pub async fn export_users_csv(app: App, by: Administrator, query: RowCsvQuery) -> Result<HttpResponse> {
    stream::csv::<UserRow>(&app, &by, query).await
}

/// Export users as NDJSON
///
/// All users except deleted ones, or those created in a period. Oldest first, one JSON object per line; U+0085, U+2028 and
/// U+2029, which end a line for some readers, are escaped. The export is recorded in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters),
    responses(
        (
            status = OK, description = "The users, one object per line", content_type = "application/x-ndjson", body = String,
            example = json!(example(UserRow::example(), Format::Ndjson)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/users.ndjson")]
pub async fn export_users_ndjson(app: App, by: Administrator, query: RowExportQuery) -> Result<HttpResponse> {
    stream::ndjson::<UserRow>(&app, &by, query).await
}
