//! What both exports of the log have in common: count, entry and stream come from one state of the database.

use super::filter::LogFilter;
use crate::http::{Anyone, AuditEntry, Error, FilterQuery, Result};
use crate::state::App;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use entity::audit::Event;
use entity::page::Position;
use entity::trail::{self, Filter};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use sea_orm::DatabaseTransaction;

/// How many entries are in memory at once.
const BATCH: u64 = 500;

/// What is left to read.
struct Reading {
    snapshot: DatabaseTransaction,
    filter: Filter,
    last: Option<Position>,
}

/// Counts what matches, records that it leaves the house, and streams it: `head`, and then `body` of each batch of entries.
pub async fn stream_log(
    app: &App,
    by: &Anyone,
    query: FilterQuery<LogFilter>,
    format: &'static str,
    head: Bytes,
    body: fn(Vec<AuditEntry>) -> Result<Bytes>,
) -> Result<HttpResponse> {
    let filter = query.filter.read(app).await?;
    let snapshot = app.db().export_snapshot().await?;
    let record_count = trail::count(&snapshot, &filter).await?;
    let tx = app.begin(by).await?;
    let log = ("export", "audit_log".to_owned());
    tx.record(Event::audit_log_accessed("export", log, query.given.clone())).await?;
    tx.record(Event::export_generated("audit_log", format, record_count, query.given)).await?;
    tx.commit().await?;
    let entries = batches(Reading { snapshot, filter, last: None });
    let bytes = entries.map(move |entries| entries.and_then(body));
    let file = format!("attachment; filename=\"audit-log-{}.{format}\"", app.now().format("%Y%m%d-%H%M%S"));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, file))
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(if format == "csv" { "text/csv; charset=utf-8" } else { "application/x-ndjson" })
        .streaming(stream::iter([Ok::<_, Error>(head)]).chain(bytes)))
}

/// The entries batch by batch, each from where the one before ended. The snapshot ends with the stream, or when the caller
/// hangs up.
fn batches(reading: Reading) -> impl Stream<Item = Result<Vec<AuditEntry>>> {
    stream::try_unfold(reading, async |mut reading| {
        let rows = trail::page(&reading.snapshot, &reading.filter, reading.last.as_ref(), BATCH).await?;
        reading.last = rows.last().map(trail::Entry::position);
        let entries = rows.iter().map(AuditEntry::of).collect::<Result<Vec<_>>>()?;
        Ok::<_, Error>((!entries.is_empty()).then_some((entries, reading)))
    })
    .into_stream()
}
