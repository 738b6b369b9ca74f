//! Export the credit allowances.

use super::stream::{self, AsOf, Row, RowCsvQuery, RowExportQuery, usernames};
use crate::http::Administrator;
use crate::http::answer::file::{CsvParameters, Format, example};
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{Instant, ListProblems, Result, credits_text};
use actix_web::{HttpResponse, get};
use entity::credit;
use sea_orm::{DatabaseTransaction, EntityTrait, Select};
use serde::Serialize;
use uuid::{Uuid, uuid};

/// An allowance as a flat row.
#[derive(Serialize)]
struct AllowanceRow {
    id: Uuid,
    member_id: Uuid,
    member_username: Option<String>,
    quarter: String,
    allowed_credits: i32,
    used_credits: String,
    remaining_credits: String,
    notes: Option<String>,
    created_at: Instant,
    updated_at: Instant,
}

impl Row for AllowanceRow {
    const EXPORT: &'static str = "credit_allowances";

    type Entity = credit::Entity;

    fn example() -> Self {
        Self {
            id: uuid!("01a20725-be30-7584-bca5-f00e655c90d9"),
            member_id: uuid!("01a20725-be30-7584-bca5-f00e655c90d6"),
            member_username: Some("member1".into()),
            quarter: "2026-Q4".into(),
            allowed_credits: 100,
            used_credits: credits_text(125),
            remaining_credits: credits_text(875),
            notes: Some("as agreed with the workshop".into()),
            created_at: Instant::example("2026-10-01T05:05:00.000Z"),
            updated_at: Instant::example("2026-11-22T08:00:00.123Z"),
        }
    }

    fn there() -> Select<credit::Entity> {
        credit::Entity::find()
    }

    async fn load(db: &DatabaseTransaction, rows: Vec<credit::Model>, as_of: &AsOf) -> Result<Vec<Self>> {
        let names = usernames(db, rows.iter().map(|row| row.member_id).collect()).await?;
        let used = credit::used_of_each(db, &rows, as_of.settings.zone()?).await?;
        let row = |(row, used_tenths): (credit::Model, i64)| Self {
            member_username: names.get(&row.member_id).cloned(),
            used_credits: credits_text(used_tenths),
            remaining_credits: credits_text(row.remaining_tenths(used_tenths)),
            id: row.id,
            member_id: row.member_id,
            quarter: row.quarter,
            allowed_credits: row.allowed_credits,
            notes: row.notes,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        };
        Ok(rows.into_iter().zip(used).map(row).collect())
    }
}

/// Export credit allowances as CSV
///
/// The allowances of each member for each quarter, with the credits currently used and remaining; all, or those first set in a
/// period. Oldest first, as RFC 4180 with CRLF; cells that a spreadsheet would interpret as a formula are prefixed with an
/// apostrophe. The export is recorded in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters, CsvParameters),
    responses(
        (
            status = OK, description = "The allowances, one per line", content_type = "text/csv", body = String,
            example = json!(example(AllowanceRow::example(), Format::Csv)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/credit-allowances.csv")]
pub async fn export_credit_allowances_csv(app: App, by: Administrator, query: RowCsvQuery) -> Result<HttpResponse> {
    stream::csv::<AllowanceRow>(&app, &by, query).await
}

/// Export credit allowances as NDJSON
///
/// The allowances of each member for each quarter, with the credits currently used and remaining; all, or those first set in a
/// period. Oldest first, one JSON object per line; U+0085, U+2028 and U+2029, which end a line for some readers, are escaped. The
/// export is recorded in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters),
    responses(
        (
            status = OK, description = "The allowances, one object per line", content_type = "application/x-ndjson",
            body = String, example = json!(example(AllowanceRow::example(), Format::Ndjson)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/credit-allowances.ndjson")]
pub async fn export_credit_allowances_ndjson(app: App, by: Administrator, query: RowExportQuery) -> Result<HttpResponse> {
    stream::ndjson::<AllowanceRow>(&app, &by, query).await
}
