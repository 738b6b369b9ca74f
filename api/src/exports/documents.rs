//! Export the metadata of the documents, without their bytes.

use super::stream::{self, AsOf, Row, RowCsvQuery, RowExportQuery, usernames};
use crate::http::Administrator;
use crate::http::answer::file::{CsvParameters, Format, example};
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{Instant, ListProblems, Result};
use actix_web::{HttpResponse, get};
use entity::document::{self, DocumentType};
use sea_orm::{DatabaseTransaction, Select};
use serde::Serialize;
use uuid::{Uuid, uuid};

/// A document as a flat row.
#[derive(Serialize)]
struct DocumentRow {
    id: Uuid,
    case_id: Uuid,
    case_number: String,
    document_type: DocumentType,
    report_number: Option<i32>,
    filename: String,
    content_type: String,
    size_bytes: i64,
    sha256: String,
    notes: Option<String>,
    uploaded_by_username: Option<String>,
    created_at: Instant,
}

impl Row for DocumentRow {
    const EXPORT: &'static str = "documents";

    type Entity = document::Entity;

    fn example() -> Self {
        Self {
            id: uuid!("01a20725-be30-7584-bca5-f00e655c90da"),
            case_id: uuid!("01a20725-be30-7584-bca5-f00e655c90d6"),
            case_number: "WS001-2026-11-0042".into(),
            document_type: DocumentType::Report,
            report_number: Some(1),
            filename: "retirement-report.pdf".into(),
            content_type: "application/pdf".into(),
            size_bytes: 48_213,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            notes: None,
            uploaded_by_username: Some("tech2".into()),
            created_at: Instant::example("2026-11-23T10:15:00.000Z"),
        }
    }

    fn there() -> Select<document::Entity> {
        document::present()
    }

    async fn load(db: &DatabaseTransaction, rows: Vec<document::Model>, _: &AsOf) -> Result<Vec<Self>> {
        let names = usernames(db, rows.iter().map(|row| row.uploaded_by_id).collect()).await?;
        let row = |row: document::Model| Self {
            uploaded_by_username: names.get(&row.uploaded_by_id).cloned(),
            id: row.id,
            case_id: row.case_id,
            case_number: row.case_number,
            document_type: row.document_type,
            report_number: row.report_number,
            filename: row.filename,
            content_type: row.content_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            notes: row.notes,
            created_at: row.created_at.into(),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// Export documents as CSV
///
/// The metadata of all documents except deleted ones, or of those uploaded in a period, without their bytes. Oldest first, as RFC
/// 4180 with CRLF; cells that a spreadsheet would interpret as a formula are prefixed with an apostrophe. The export is recorded
/// in the audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters, CsvParameters),
    responses(
        (
            status = OK, description = "The documents, one per line", content_type = "text/csv", body = String,
            example = json!(example(DocumentRow::example(), Format::Csv)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/documents.csv")]
pub async fn export_documents_csv(app: App, by: Administrator, query: RowCsvQuery) -> Result<HttpResponse> {
    stream::csv::<DocumentRow>(&app, &by, query).await
}

/// Export documents as NDJSON
///
/// The metadata of all documents except deleted ones, or of those uploaded in a period, without their bytes. Oldest first, one
/// JSON object per line; U+0085, U+2028 and U+2029, which end a line for some readers, are escaped. The export is recorded in the
/// audit log.
#[utoipa::path(
    tag = "exports",
    params(PeriodParameters),
    responses(
        (
            status = OK, description = "The documents, one object per line", content_type = "application/x-ndjson", body = String,
            example = json!(example(DocumentRow::example(), Format::Ndjson)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[get("/exports/documents.ndjson")]
pub async fn export_documents_ndjson(app: App, by: Administrator, query: RowExportQuery) -> Result<HttpResponse> {
    stream::ndjson::<DocumentRow>(&app, &by, query).await
}
