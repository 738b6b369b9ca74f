//! Export the cases.

use super::stream::{self, AsOf, Row, RowCsvQuery, RowExportQuery, usernames};
use crate::http::ManagerOrAdministrator;
use crate::http::answer::file::{CsvParameters, Format, example};
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{CreditValue, Instant, ListProblems, Result};
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use entity::case::urgency::Rush;
use entity::case::{self, CaseStatus, Column, Tier, Urgency};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, Select};
use serde::Serialize;
use std::collections::HashMap;
use uuid::{Uuid, uuid};

/// A case as a flat row.
#[derive(Serialize)]
struct CaseRow {
    id: Uuid,
    case_number: String,
    status: CaseStatus,
    workshop_code: String,
    member_username: Option<String>,
    employee_first_name: String,
    employee_last_name: String,
    client_email: Option<String>,
    num_reports_requested: i32,
    urgency: Urgency,
    due_on: NaiveDate,
    tier: Option<Tier>,
    credit_value: CreditValue,
    assigned_to_username: Option<String>,
    created_at: Instant,
    submitted_at: Option<Instant>,
    accepted_at: Option<Instant>,
    completed_at: Option<Instant>,
    scheduled_release_at: Option<Instant>,
    released_at: Option<Instant>,
    resubmission_count: i32,
    updated_at: Instant,
}

impl Row for CaseRow {
    const EXPORT: &'static str = "cases";

    type Entity = case::Entity;

    fn example() -> Self {
        Self {
            id: uuid!("01a20725-be30-7584-bca5-f00e655c90d6"),
            case_number: "WS001-2026-11-0042".into(),
            status: CaseStatus::Hold,
            workshop_code: "WS001".into(),
            member_username: Some("member1".into()),
            employee_first_name: "Ada".into(),
            employee_last_name: "Moss".into(),
            client_email: None,
            num_reports_requested: 3,
            urgency: Urgency::Normal,
            due_on: NaiveDate::from_ymd_opt(2026, 12, 15).unwrap_or_default(),
            tier: Some(Tier::Two),
            credit_value: CreditValue(20),
            assigned_to_username: Some("tech2".into()),
            created_at: Instant::example("2026-11-20T15:10:02.480Z"),
            submitted_at: Some(Instant::example("2026-11-20T15:12:40.005Z")),
            accepted_at: Some(Instant::example("2026-11-20T16:00:00.000Z")),
            completed_at: None,
            scheduled_release_at: None,
            released_at: None,
            resubmission_count: 0,
            updated_at: Instant::example("2026-11-22T08:00:00.123Z"),
        }
    }

    fn there() -> Select<case::Entity> {
        case::Entity::find().filter(Column::DeletedAt.is_null())
    }

    async fn load(db: &DatabaseTransaction, rows: Vec<case::Model>, as_of: &AsOf) -> Result<Vec<Self>> {
        let named = rows.iter().flat_map(|row| [Some(row.member_id), row.assigned_to_id]).flatten().collect();
        let names = usernames(db, named).await?;
        let rush = Rush::at(as_of.now, &as_of.settings)?;
        Ok(rows.into_iter().map(|row| Self::named(row, &names, rush)).collect())
    }
}

impl CaseRow {
    fn named(row: case::Model, names: &HashMap<Uuid, String>, rush: Rush) -> Self {
        Self {
            member_username: names.get(&row.member_id).cloned(),
            assigned_to_username: row.assigned_to_id.and_then(|id| names.get(&id).cloned()),
            urgency: rush.urgency(&row),
            credit_value: CreditValue(row.credit_tenths),
            id: row.id,
            case_number: row.case_number,
            status: row.status,
            workshop_code: row.workshop_code,
            employee_first_name: row.employee_first_name,
            employee_last_name: row.employee_last_name,
            client_email: row.client_email,
            num_reports_requested: row.num_reports_requested,
            due_on: row.due_on,
            tier: row.tier,
            created_at: row.created_at.into(),
            submitted_at: row.submitted_at.map(Instant),
            accepted_at: row.accepted_at.map(Instant),
            completed_at: row.completed_at.map(Instant),
            scheduled_release_at: row.scheduled_release_at.map(Instant),
            released_at: row.released_at.map(Instant),
            resubmission_count: row.resubmission_count,
            updated_at: row.updated_at.into(),
        }
    }
}

/// Export cases as CSV
///
/// All cases except deleted ones, or those created in a period. Oldest first, as RFC 4180 with CRLF; cells that a spreadsheet
/// would interpret as a formula are prefixed with an apostrophe. The export is recorded in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters, CsvParameters),
    responses(
        (
            status = OK, description = "The cases, one per line", content_type = "text/csv", body = String,
            example = json!(example(CaseRow::example(), Format::Csv)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/cases.csv")]
pub async fn export_cases_csv(app: App, by: ManagerOrAdministrator, query: RowCsvQuery) -> Result<HttpResponse> {
    stream::csv::<CaseRow>(&app, &by, query).await
}

/// Export cases as NDJSON
///
/// All cases except deleted ones, or those created in a period. Oldest first, one JSON object per line; U+0085, U+2028 and
/// U+2029, which end a line for some readers, are escaped. The export is recorded in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters),
    responses(
        (
            status = OK, description = "The cases, one object per line", content_type = "application/x-ndjson", body = String,
            example = json!(example(CaseRow::example(), Format::Ndjson)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/cases.ndjson")]
pub async fn export_cases_ndjson(app: App, by: ManagerOrAdministrator, query: RowExportQuery) -> Result<HttpResponse> {
    stream::ndjson::<CaseRow>(&app, &by, query).await
}
