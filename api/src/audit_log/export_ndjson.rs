//! Export the log as NDJSON.

use super::export::{ExportQuery, send};
use super::filter::LogFilter;
use crate::http::answer::file::{Format, example};
use crate::http::request::period::PeriodParameters;
use crate::http::{AuditEntry, AuditReader};
use crate::state::App;
use crate::wire::{ListProblems, Result};
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
            body = String, example = json!(example(AuditEntry::example(), Format::Ndjson)),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed", "export_generated"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/audit-log/export.ndjson")]
pub async fn export_audit_log_ndjson(app: App, by: AuditReader, query: ExportQuery) -> Result<HttpResponse> {
    send(&app, &by, query.parts, query.all, Format::Ndjson, Ok).await
}
