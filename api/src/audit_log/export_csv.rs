//! Export the log as CSV.

use super::export::{ExportQuery, entries};
use super::filter::LogFilter;
use crate::http::answer::entry::EntryPerson;
use crate::http::answer::file::{Format, file};
use crate::http::request::period::PeriodParameters;
use crate::http::{AuditEntry, AuditReader};
use crate::state::App;
use crate::wire::{Error, ListProblems, Result, csv};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};
use entity::clock::rfc3339;
use futures_util::stream::{self, StreamExt};
use std::borrow::Cow;

const COLUMNS: [&str; 9] =
    ["Timestamp", "User", "Action Type", "Description", "Case ID", "Related User", "IP Address", "Changes", "Metadata"];

/// The example in the contract.
const EXAMPLE: &str = "Timestamp,User,Action Type,Description,Case ID,Related User,IP Address,Changes,Metadata\r\n2026-11-22T08:00:00.123Z,tech2,case_held,Case WS001-2026-11-0042 placed on hold: waiting for pay stub,WS001-2026-11-0042,,127.0.0.1,\"{\"\"status\"\":{\"\"from\"\":\"\"accepted\"\",\"\"to\"\":\"\"hold\"\"}}\",\"{\"\"reason\"\":\"\"waiting for pay stub\"\"}\"\r\n";

/// Export the audit log as CSV
///
/// Returns all matching entries, newest first, as RFC 4180 with CRLF. `Case ID` is the case number; changes and metadata are
/// JSON. Cells that a spreadsheet would interpret as a formula are prefixed with an apostrophe. The export is recorded in the
/// audit log.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter, PeriodParameters),
    responses(
        (
            status = OK, description = "The matching entries, one per line", content_type = "text/csv", body = String,
            example = json!(EXAMPLE),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": ["audit_log_accessed", "export_generated"], "may": []}))),
)]
#[get("/audit-log/export.csv")]
pub async fn export_audit_log_csv(app: App, by: AuditReader, query: ExportQuery) -> Result<HttpResponse> {
    let head = csv::lines([COLUMNS.map(Cow::from).to_vec()])?;
    let lines = entries(&app, &by, query, Format::Csv).await?.map(|batch| batch.and_then(lines));
    Ok(file(&app, &by, "audit-log", Format::Csv, stream::iter([Ok(head)]).chain(lines)))
}

fn lines(entries: Vec<AuditEntry>) -> Result<Bytes> {
    csv::lines(entries.into_iter().map(line).collect::<Result<Vec<_>>>()?)
}

fn line(entry: AuditEntry) -> Result<Vec<Cow<'static, str>>> {
    let cells = [
        rfc3339(entry.occurred_at.0),
        entry.actor_label,
        entry.action_type.code().to_owned(),
        entry.description,
        entry.case.map(|case| case.case_number).unwrap_or_default(),
        entry.related_user.map(|EntryPerson { username, .. }| username).unwrap_or_default(),
        entry.ip_address.unwrap_or_default(),
        serde_json::to_string(&entry.changes).map_err(Error::internal)?,
        serde_json::to_string(&entry.metadata).map_err(Error::internal)?,
    ];
    Ok(cells.map(Cow::from).to_vec())
}
