//! Export the log as NDJSON.

use super::export::{ExportQuery, entries};
use super::filter::LogFilter;
use crate::http::answer::file::{Format, file, objects};
use crate::http::AuditReader;
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{ListProblems, Result};
use actix_web::{HttpResponse, get};
use futures_util::stream::StreamExt;

/// The example in the contract.
const EXAMPLE: &str = concat!(
    r#"{"id":"01a2071e-0bfb-7584-bca5-f00e655c90d6","sequence":null,"occurred_at":"2026-11-22T08:00:00.123Z","action_type":"case_held","action_label":"Case Placed on Hold","category":"case","outcome":"success","source":"automatic","actor_type":"user","actor":{"id":"01a20725-be30-7584-bca5-f00e655c90d6","username":"tech2","full_name":"Tom Reyes","role":"technician"},"actor_label":"tech2","description":"Case WS001-2026-11-0042 placed on hold: waiting for pay stub","case":{"id":"01a20725-be30-7584-bca5-f00e655c90d7","case_number":"WS001-2026-11-0042"},"document":null,"related_user":null,"object_type":"case","object_id":"01a20725-be30-7584-bca5-f00e655c90d7","changes":{"status":{"from":"accepted","to":"hold"}},"metadata":{"reason":"waiting for pay stub"},"ip_address":"127.0.0.1","user_agent":"curl/8.5.0","request_id":"01a20725-be30-7584-bca5-f00e655c90d8"}"#,
    "\n"
);

/// Export the audit log as NDJSON
///
/// Returns all matching entries, newest first, each as one complete JSON object per line. The export is recorded in the audit
/// log.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter, PeriodParameters),
    responses(
        (
            status = OK, description = "The matching entries, one AuditEntry per line", content_type = "application/x-ndjson",
            body = String, example = json!(EXAMPLE),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["audit_log_accessed", "export_generated"], "may": []}))),
)]
#[get("/audit-log/export.ndjson")]
pub async fn export_audit_log_ndjson(app: App, by: AuditReader, query: ExportQuery) -> Result<HttpResponse> {
    let lines = entries(&app, &by, query, Format::Ndjson).await?.map(|batch| objects(&batch?));
    Ok(file(&app, &by, "audit-log", Format::Ndjson, lines))
}
