//! The common part of both exports of the log: count, entry and stream are based on one snapshot of the database.

use super::filter::LogFilter;
use crate::http::answer::file::{CsvParameters, Format};
use crate::http::request::period::PeriodParameters;
use crate::http::{Anyone, AuditEntry, QueryParts};
use crate::state::App;
use crate::wire::Result;
use entity::audit::Event;
use entity::audit_log::{self, Filter};
use entity::page::{Direction, Position};
use futures_util::stream::{self, Stream};
use sea_orm::DatabaseTransaction;
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

/// Counts the matching entries, records the export, and returns the entries in batches.
///
/// The snapshot is released when the stream ends or the client disconnects.
pub async fn entries(
    app: &App,
    by: &Anyone,
    (filter, period): (LogFilter, PeriodParameters),
    given: Json,
    format: Format,
) -> Result<impl Stream<Item = Result<Vec<AuditEntry>>> + 'static> {
    let filter = filter.read(app, period).await?;
    let snapshot = app.db().export_snapshot().await?;
    let record_count = audit_log::count(&snapshot, &filter).await?;
    let log = ("export", "audit_log".to_owned());
    let access = Event::audit_log_accessed("export", log, given.clone());
    app.record_all(by, [access, Event::export_generated("audit_log", format.code(), record_count, given)]).await?;
    Ok(stream::try_unfold(Reading { snapshot, filter, last: None }, Reading::step))
}

impl Reading {
    /// The next batch, continuing after the previous one.
    async fn step(mut self) -> Result<Option<(Vec<AuditEntry>, Self)>> {
        let rows = audit_log::page(&self.snapshot, &self.filter, Direction::Descending, self.last.as_ref(), BATCH).await?;
        self.last = rows.last().map(audit_log::Entry::position);
        let entries = rows.iter().map(AuditEntry::new).collect::<Result<Vec<_>>>()?;
        Ok((!entries.is_empty()).then_some((entries, self)))
    }
}
