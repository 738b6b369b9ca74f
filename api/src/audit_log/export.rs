//! The common part of both exports of the log: read from one snapshot of the database, batch by batch.

use super::filter::LogFilter;
use crate::http::answer::entry_line::{EntryLine, Lines, PeopleNames, with_line, with_lines};
use crate::http::answer::file::{Batch, CsvParameters, Export, Format};
use crate::http::request::period::PeriodParameters;
use crate::http::{Anyone, AuditEntry, QueryParts};
use crate::state::App;
use crate::wire::{Error, Result};
use actix_web::HttpResponse;
use entity::audit::Event;
use entity::audit_log::{self, Entry, LogView, Search};
use entity::page::{Direction, Position};
use entity::user;
use futures_util::stream::{self, StreamExt};
use sea_orm::DatabaseTransaction;
use serde_json::Value as Json;
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// The query parameters of both exports.
pub type LogExportQuery = QueryParts<(LogFilter, PeriodParameters)>;

/// The same, and how the CSV is written.
pub type LogCsvQuery = QueryParts<(LogFilter, PeriodParameters, CsvParameters)>;

/// How many entries are read at once: few sizes, so that their statements stay prepared.
const BATCHES: [u64; 3] = [20, 100, 250];
/// The first batch: enough for most exports, and little before the first byte of a long one.
const FIRST_BATCH: u64 = 250;
/// About how many bytes of entries are held in memory at once.
const BATCH_BYTES: u64 = 256 * 1024;

/// Writes entries as text.
pub type EntryFormatter = fn(&[EntryLine<'_>]) -> Result<Batch>;

/// The state of an export that is being read.
struct LogExportState {
    snapshot: DatabaseTransaction,
    search: Search,
    last: Option<Position>,
    limit: u64,
    names: PeopleNames,
    formatter: EntryFormatter,
}

/// Records the export, and sends the matching entries in batches, each as the text that `formatter` makes of it, after a `head`.
///
/// The snapshot is released after the last batch, or when the client disconnects.
pub async fn send(
    app: &App,
    by: &Anyone,
    (filter, period): (LogFilter, PeriodParameters),
    given: Json,
    format: Format,
    (head, formatter): (Batch, EntryFormatter),
) -> Result<HttpResponse> {
    let filter = filter.read(app, period, app.now()).await?;
    let snapshot = app.db().export_snapshot().await?;
    let access = Event::audit_log_accessed(LogView::Export, given.clone());
    let (access, event) = (Some(access), Event::export_generated);
    let export = Export { content: audit_log::EXPORT, format, filters: given, access, event };
    let search = Search::new(&snapshot, filter).await?;
    let state = LogExportState { snapshot, search, last: None, limit: FIRST_BATCH, names: PeopleNames::new(), formatter };
    let batches = stream::try_unfold(state, LogExportState::step);
    export.send(app, by, stream::iter([Ok(head)]).chain(batches)).await
}

/// The example in the contract: one entry.
pub fn example(head: Batch, formatter: EntryFormatter) -> String {
    let body = serde_json::to_string(&AuditEntry::example()).unwrap_or_default();
    let text = match with_line(&body, formatter) {
        Ok(Lines::Written(line)) => [head.text, line.text].concat(),
        Ok(Lines::Unnamed(_)) | Err(_) => Vec::new(),
    };
    String::from_utf8(text).unwrap_or_default()
}

impl LogExportState {
    /// The next batch, continuing after the previous one.
    async fn step(mut self) -> Result<Option<(Batch, Self)>> {
        let after = self.last.as_ref();
        let entries = self.search.page(&self.snapshot, Direction::Descending, after, self.limit).await?;
        let Some(last) = entries.last() else { return Ok(None) };
        self.last = Some(last.position());
        self.limit = next_limit(&entries);
        let batch = self.write(entries).await?;
        Ok(Some((batch, self)))
    }

    /// Beside the threads that serve requests: a batch takes longer than a small request.
    async fn write(&mut self, mut entries: Vec<Entry>) -> Result<Batch> {
        loop {
            let (names, formatter) = (std::mem::take(&mut self.names), self.formatter);
            let writing = spawn_blocking(move || {
                let lines = with_lines(&entries, &names, formatter);
                (entries, names, lines)
            });
            let lines;
            (entries, self.names, lines) = writing.await.map_err(|error| Error::internal(error))?;
            match lines? {
                Lines::Written(batch) => return Ok(batch),
                Lines::Unnamed(people) => self.load_names(people).await?,
            }
        }
    }

    /// Afterwards none of these is missing.
    async fn load_names(&mut self, people: Vec<Uuid>) -> Result<()> {
        self.names.extend(people.iter().map(|id| (*id, None)));
        let found = user::people(&self.snapshot, people).await?;
        self.names.extend(found.into_iter().map(|person| (person.id, Some(person.full_name))));
        Ok(())
    }
}

/// The size of the next batch, by that of the entries of the last one.
fn next_limit(entries: &[Entry]) -> u64 {
    let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
    let (bytes, count) = (u64::try_from(bytes).unwrap_or(u64::MAX), u64::try_from(entries.len()).unwrap_or(u64::MAX));
    let fits = |size: &u64| bytes.saturating_mul(*size) <= BATCH_BYTES.saturating_mul(count);
    let [smallest, ..] = BATCHES;
    BATCHES.into_iter().rev().find(fits).unwrap_or(smallest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_as_large_as_its_entries_allow() {
        for (body_bytes, limit) in [(1, 250), (1_048, 250), (1_049, 100), (2_621, 100), (2_622, 20), (1_000_000, 20)] {
            let entry = Entry { id: Uuid::nil(), sequence: None, body: "x".repeat(body_bytes) };
            assert_eq!(next_limit(&[entry.clone(), entry]), limit, "{body_bytes}");
        }
    }
}
