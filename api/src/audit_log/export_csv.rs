//! Export the log as CSV.

use super::export::{self, LogCsvQuery, send};
use super::filter::LogFilter;
use crate::http::AuditReader;
use crate::http::answer::entry_line::{self as raw, EntryLine};
use crate::http::answer::file::{Batch, CsvParameters, Format};
use crate::http::request::period::PeriodParameters;
use crate::state::App;
use crate::wire::{Error, ListProblems, Result};
use actix_web::{HttpResponse, get};
use entity::audit::Action;
use serde::Serialize;
use std::borrow::Cow;

/// An entry as a flat row.
#[derive(Serialize)]
struct EntryRow<'a> {
    #[serde(rename = "Timestamp")]
    occurred_at: Cow<'a, str>,
    #[serde(rename = "User")]
    actor_label: Cow<'a, str>,
    #[serde(rename = "Action Type")]
    action_type: Action,
    #[serde(rename = "Description")]
    description: Cow<'a, str>,
    #[serde(rename = "Case ID")]
    case_number: Option<Cow<'a, str>>,
    #[serde(rename = "Related User")]
    related_username: Option<Cow<'a, str>>,
    #[serde(rename = "IP Address")]
    ip_address: Option<Cow<'a, str>>,
    /// JSON.
    #[serde(rename = "Changes")]
    changes: String,
    /// JSON.
    #[serde(rename = "Metadata")]
    metadata: &'a str,
    #[serde(rename = "Entry ID")]
    id: Cow<'a, str>,
    #[serde(rename = "Outcome")]
    outcome: Cow<'a, str>,
    #[serde(rename = "Object Type")]
    object_type: Cow<'a, str>,
    #[serde(rename = "Object ID")]
    object_id: Cow<'a, str>,
    #[serde(rename = "Actor ID")]
    actor_id: Option<Cow<'a, str>>,
    #[serde(rename = "Actor Name")]
    actor_name: Option<Cow<'a, str>>,
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
pub async fn export_audit_log_csv(app: App, by: AuditReader, query: LogCsvQuery) -> Result<HttpResponse> {
    let (filter, period, csv) = query.parts;
    send(&app, &by, (filter, period), query.all, csv.format(), (EntryRow::header()?, text)).await
}

/// The example in the contract.
fn one_line() -> String {
    EntryRow::header().map(|head| export::example(head, text)).unwrap_or_default()
}

fn text(lines: &[EntryLine<'_>]) -> Result<Batch> {
    let rows = lines.iter().map(EntryRow::new).collect::<Result<Vec<_>>>()?;
    Batch::rows(&rows, Format::Csv)
}

impl<'a> EntryRow<'a> {
    fn new(line: &'a EntryLine<'_>) -> Result<Self> {
        Ok(Self {
            occurred_at: raw::text(line.occurred_at)?,
            actor_label: raw::text(line.actor_label)?,
            action_type: line.action_type,
            description: raw::text(line.description)?,
            case_number: line.case.map(|case| raw::text(case.case_number)).transpose()?,
            related_username: line.related_user.map(|person| raw::text(person.username)).transpose()?,
            ip_address: line.ip_address.map(raw::text).transpose()?,
            changes: serde_json::to_string(&line.changes).map_err(|error| Error::internal(error))?,
            metadata: line.metadata.get(),
            id: raw::text(line.id)?,
            outcome: raw::text(line.outcome)?,
            object_type: raw::text(line.object_type)?,
            object_id: raw::text(line.object_id)?,
            actor_id: line.actor.map(|actor| raw::text(actor.id)).transpose()?,
            actor_name: line.actor.map(|actor| raw::text(actor.full_name)).transpose()?,
            sequence: line.sequence,
        })
    }

    /// The names of the columns.
    fn header() -> Result<Batch> {
        let row = EntryRow {
            occurred_at: "".into(),
            actor_label: "".into(),
            action_type: Action::Other,
            description: "".into(),
            case_number: None,
            related_username: None,
            ip_address: None,
            changes: String::new(),
            metadata: "",
            id: "".into(),
            outcome: "".into(),
            object_type: "".into(),
            object_id: "".into(),
            actor_id: None,
            actor_name: None,
            sequence: None,
        };
        Batch::header(&row, Format::Csv)
    }
}
