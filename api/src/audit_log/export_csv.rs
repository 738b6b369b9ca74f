//! Export the log as CSV.

use super::export::{CsvQuery, send};
use super::filter::LogFilter;
use crate::http::answer::file::{CsvParameters, Format, example};
use crate::http::request::period::PeriodParameters;
use crate::http::{AuditEntry, AuditReader};
use crate::state::App;
use crate::wire::{Error, Instant, ListProblems, Result};
use actix_web::{HttpResponse, get};
use entity::audit::{Action, Outcome};
use serde::Serialize;
use uuid::Uuid;

/// An entry as a flat row.
#[derive(Serialize)]
struct EntryRow {
    #[serde(rename = "Timestamp")]
    occurred_at: Instant,
    #[serde(rename = "User")]
    actor_label: String,
    #[serde(rename = "Action Type")]
    action_type: Action,
    #[serde(rename = "Description")]
    description: String,
    #[serde(rename = "Case ID")]
    case_number: Option<String>,
    #[serde(rename = "Related User")]
    related_username: Option<String>,
    #[serde(rename = "IP Address")]
    ip_address: Option<String>,
    /// JSON.
    #[serde(rename = "Changes")]
    changes: String,
    /// JSON.
    #[serde(rename = "Metadata")]
    metadata: String,
    #[serde(rename = "Entry ID")]
    id: Uuid,
    #[serde(rename = "Outcome")]
    outcome: Outcome,
    #[serde(rename = "Object Type")]
    object_type: String,
    #[serde(rename = "Object ID")]
    object_id: String,
    #[serde(rename = "Actor ID")]
    actor_id: Option<Uuid>,
    #[serde(rename = "Actor Name")]
    actor_name: Option<String>,
    #[serde(rename = "Sequence")]
    sequence: Option<i64>,
}

/// Export the audit log as CSV
///
/// Returns all matching entries, newest first, as RFC 4180 with CRLF. `Case ID` is the case number; changes and metadata are
/// JSON. Cells that a spreadsheet would interpret as a formula are prefixed with an apostrophe, also behind apostrophes of their
/// own. The export is recorded in the audit log.
#[utoipa::path(
    tag = "audit-log",
    params(LogFilter, PeriodParameters, CsvParameters),
    responses(
        (
            status = OK, description = "The matching entries, one per line", content_type = "text/csv", body = String,
            example = json!(one_line()),
        ),
        ListProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed", "export_generated"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/audit-log/export.csv")]
pub async fn export_audit_log_csv(app: App, by: AuditReader, query: CsvQuery) -> Result<HttpResponse> {
    let (filter, period, csv) = query.parts;
    send(&app, &by, (filter, period), query.all, csv.format(), EntryRow::new).await
}

/// The example in the contract.
fn one_line() -> String {
    EntryRow::new(AuditEntry::example()).map(|row| example(row, Format::Csv)).unwrap_or_default()
}

impl EntryRow {
    fn new(entry: AuditEntry) -> Result<Self> {
        Ok(Self {
            changes: serde_json::to_string(&entry.changes).map_err(|error| Error::internal(error))?,
            metadata: serde_json::to_string(&entry.metadata).map_err(|error| Error::internal(error))?,
            occurred_at: entry.occurred_at,
            actor_label: entry.actor_label,
            action_type: entry.action_type,
            description: entry.description,
            case_number: entry.case.map(|case| case.case_number),
            related_username: entry.related_user.map(|person| person.username),
            ip_address: entry.ip_address,
            id: entry.id,
            outcome: entry.outcome,
            object_type: entry.object_type,
            object_id: entry.object_id,
            actor_id: entry.actor.as_ref().map(|actor| actor.id),
            actor_name: entry.actor.map(|actor| actor.full_name),
            sequence: entry.sequence,
        })
    }
}
