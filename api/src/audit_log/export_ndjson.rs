//! Export the log as NDJSON.

use super::export::entries;
use super::filter::LogFilter;
use crate::http::{AuditEntry, AuditReader, Error, Given, ListProblems, Result};
use crate::state::App;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};
use futures_util::stream::StreamExt;

/// Export the audit log as NDJSON
///
/// Every entry that matches, the newest first, whole, as one JSON object a line. The export is recorded.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter),
    responses(
        (
            status = OK, description = "The entries that match, an AuditEntry a line", content_type = "application/x-ndjson",
            body = String,
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["audit_log_accessed", "export_generated"], "may": []}))),
)]
#[get("/audit-log/export.ndjson")]
pub async fn export_audit_log_ndjson(app: App, by: AuditReader, query: Given<(LogFilter,)>) -> Result<HttpResponse> {
    let lines = entries(&app, &by, query, "ndjson").await?.map(|batch| batch.and_then(lines));
    let file = format!("attachment; filename=\"audit-log-{}.ndjson\"", app.now().format("%Y%m%d-%H%M%S"));
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, file))
        .streaming(lines))
}

fn lines(entries: Vec<AuditEntry>) -> Result<Bytes> {
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, &entry).map_err(Error::internal)?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}
