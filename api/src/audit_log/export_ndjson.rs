//! Export the log as NDJSON.

use super::export::{self, LogExportQuery, send};
use super::filter::LogFilter;
use crate::http::AuditReader;
use crate::http::answer::entry_line::EntryLine;
use crate::http::answer::file::{Batch, Format};
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{ListProblems, Result};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};

/// Export the audit log as NDJSON
///
/// Returns all matching entries, newest first, each as one complete JSON object per line; U+0085, U+2028 and U+2029, which end a
/// line for some readers, are escaped. The export is recorded in the audit log.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter, PeriodParameters),
    responses(
        (
            status = OK, description = "The matching entries, one AuditEntry per line", content_type = "application/x-ndjson",
            body = String, example = json!(export::example(head(), text)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed", "export_generated"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/audit-log/export.ndjson")]
pub async fn export_audit_log_ndjson(app: App, by: AuditReader, query: LogExportQuery) -> Result<HttpResponse> {
    send(&app, &by, query.parts, query.all, Format::Ndjson, (head(), text)).await
}

fn head() -> Batch {
    Batch::without_records(Bytes::new())
}

fn text(lines: &[EntryLine<'_>]) -> Result<Batch> {
    Batch::rows(lines, Format::Ndjson)
}
