//! The common part of both exports of the log: count, entry and stream are based on one snapshot of the database.

use super::filter::LogFilter;
use crate::http::answer::file::{Batch, CsvParameters, Export, Format};
use crate::http::request::period::PeriodParameters;
use crate::http::{Anyone, AuditEntry, QueryParts};
use crate::state::App;
use crate::wire::Result;
use actix_web::HttpResponse;
use entity::audit::Event;
use entity::audit_log::{self, Filter};
use entity::page::{Direction, Position};
use futures_util::stream::{self, StreamExt};
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde_json::Value as Json;

/// The query parameters of both exports.
pub type ExportQuery = QueryParts<(LogFilter, PeriodParameters)>;

/// The same, and how the CSV is written.
pub type CsvQuery = QueryParts<(LogFilter, PeriodParameters, CsvParameters)>;

/// How many entries are held in memory at once.
const BATCH: u64 = 500;

/// The state of an export that is being read.
struct Reading {
    snapshot: DatabaseTransaction,
    filter: Filter,
    last: Option<Position>,
}

/// Counts the matching entries, records the export, and sends the entries in batches, each as the row that `row` makes of it.
///
/// The snapshot is released after the last batch, or when the client disconnects.
pub async fn send<R: Serialize + 'static>(
    app: &App,
    by: &Anyone,
    (filter, period): (LogFilter, PeriodParameters),
    given: Json,
    format: Format,
    row: fn(AuditEntry) -> Result<R>,
) -> Result<HttpResponse> {
    let filter = filter.read(app, period).await?;
    let snapshot = app.db().export_snapshot().await?;
    let record_count = audit_log::count(&snapshot, &filter).await?;
    let access = Event::audit_log_accessed("export", ("export", "audit_log".to_owned()), given.clone());
    let event = Event::export_generated("audit_log", format.code(), record_count, given);
    let export = Export { name: "audit-log".to_owned(), format, access: Some(access), event };
    let head = Batch::header(&row(AuditEntry::example())?, format)?;
    let batches = stream::try_unfold(Reading { snapshot, filter, last: None }, Reading::step).map(move |entries| {
        let rows = entries?.into_iter().map(row).collect::<Result<Vec<R>>>()?;
        Batch::rows(&rows, format)
    });
    export.send(app, by, stream::iter([Ok(head)]).chain(batches)).await
}

impl Reading {
    /// The next batch, continuing after the previous one.
    async fn step(mut self) -> Result<Option<(Vec<AuditEntry>, Self)>> {
        let rows = audit_log::page(&self.snapshot, &self.filter, Direction::Descending, self.last.as_ref(), BATCH).await?;
        self.last = rows.last().map(audit_log::Entry::position);
        let entries = AuditEntry::all(&self.snapshot, &rows).await?;
        Ok((!entries.is_empty()).then_some((entries, self)))
    }
}
