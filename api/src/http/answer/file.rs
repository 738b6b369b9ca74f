//! A file download: a short file is complete before it is recorded and sent. A longer one is generated while it is sent, one
//! batch ahead of its client, as long as the client keeps pace and may read it.

use super::digest::Digest;
use super::pace::{BYTES_A_SECOND_MIN, Pace};
use super::reading_on::while_admitted;
use super::trailers::{Totals, Trailers};
use crate::http::request::caller::Anyone;
use crate::state::App;
use crate::wire::{Code, Error, Result, csv, ndjson};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use entity::audit::Event;
use entity::cause::with_sources;
use futures_util::stream::{self, Stream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::pin::{Pin, pin};
use tokio::sync::mpsc::{self, Receiver, Sender};
use utoipa::IntoParams;
use validator::Validate;

/// Up to this size a file is complete before its first byte is sent: reading more would delay that byte. The drill `memory` has
/// to notice files that are held in memory.
const COMPLETE_BYTES_MAX: usize = if cfg!(feature = "sabotage") { usize::MAX } else { 256 * 1024 };

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// With a byte order mark.
    MarkedCsv,
    Ndjson,
}

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct CsvParameters {
    /// Whether the file begins with a byte order mark (U+FEFF), by which Excel recognizes UTF-8; defaults to false
    #[param(nullable = false)]
    bom: Option<bool>,
}

impl CsvParameters {
    pub fn format(self) -> Format {
        if self.bom.unwrap_or(false) { Format::MarkedCsv } else { Format::Csv }
    }
}

impl Format {
    /// Its name in the audit log and its file extension.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Csv | Self::MarkedCsv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv | Self::MarkedCsv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// What the file begins with.
    fn mark(self) -> Option<Bytes> {
        match self {
            Self::Csv | Self::Ndjson => None,
            Self::MarkedCsv => Some(Bytes::from_static("\u{feff}".as_bytes())),
        }
    }
}

/// Some records as text.
pub struct Batch {
    pub records: u64,
    pub text: Bytes,
}

impl Batch {
    /// The header of a table, or a mark.
    pub const fn without_records(text: Bytes) -> Self {
        Self { records: 0, text }
    }

    pub fn new(records: usize, text: Bytes) -> Self {
        Self { records: u64::try_from(records).unwrap_or(u64::MAX), text }
    }

    /// Rows in a format.
    pub fn rows<R: Serialize>(rows: &[R], format: Format) -> Result<Self> {
        let text = match format {
            Format::Csv | Format::MarkedCsv => csv::rows(rows)?,
            Format::Ndjson => ndjson::rows(rows)?,
        };
        Ok(Self::new(rows.len(), text))
    }

    /// What comes before the first rows: in CSV the names of their fields.
    pub fn header<R: Serialize>(row: &R, format: Format) -> Result<Self> {
        let text = match format {
            Format::Csv | Format::MarkedCsv => csv::header(row)?,
            Format::Ndjson => Bytes::new(),
        };
        Ok(Self::without_records(text))
    }
}

type Batches = Pin<Box<dyn Stream<Item = Result<Batch>>>>;

/// A file to be sent, and the entries that it leaves.
pub struct Export {
    /// What the file contains, as the audit log calls it; its name is made of this and the time.
    pub content: &'static str,
    pub format: Format,
    /// The query as it was given.
    pub filters: Json,
    /// An entry besides that of the export.
    pub access: Option<Event>,
    /// The entry of an export, from its content, its format, the number of its records if it is known, and its filters.
    pub event: fn(&str, &str, Option<u64>, Json) -> Event,
}

impl Export {
    /// Records the export and sends the file. A file of at most 256 KiB is generated first, so that the entry has its count, size
    /// and digest, and the response count and digest as headers. A longer one leaves another entry with these when everything was
    /// sent, before the response ends with them as trailers, or when it is aborted. Its records are not counted before they are
    /// read: counting delays the first byte by a time that grows with the log.
    ///
    /// The resources that `batches` holds, such as a snapshot of the database, are released after its last batch, when the client
    /// disconnects, when the client is slower than 64 KiB a second, or when the client loses access: then the response is
    /// aborted.
    pub async fn send<S>(mut self, app: &App, by: &Anyone, batches: S) -> Result<HttpResponse>
    where
        S: Stream<Item = Result<Batch>> + 'static,
    {
        let mark = self.format.mark().map(|mark| Ok(Batch::without_records(mark)));
        let mut batches: Batches = Box::pin(stream::iter(mark).chain(batches));
        let (begun, is_complete) = beginning(&mut batches).await?;
        if is_complete {
            drop(batches);
            return self.send_complete(app, by, begun).await;
        }
        let mut response = self.response(app);
        let (access, started) = (self.access.take(), self.event_of(None).export_started());
        app.record_all(by, access.into_iter().chain([started])).await?;
        let (recorder, caller, trailers) = (app.clone(), by.clone(), Trailers::default());
        let totals = trailers.clone();
        let ended = move |sent: SentBytes, is_complete: bool| async move {
            let event = sent.ended(&self, &totals, is_complete).await?;
            recorder.record_end(&caller, event).await
        };
        let batches = stream::iter(begun.into_iter().map(Ok)).chain(batches);
        let mut response = response.streaming(while_admitted(app, by, paced(batches, ended)));
        response.extensions_mut().insert(trailers);
        Ok(response)
    }

    async fn send_complete(self, app: &App, by: &Anyone, batches: Vec<Batch>) -> Result<HttpResponse> {
        let mut sent = SentBytes::default();
        for batch in &batches {
            sent.note(batch).await?;
        }
        let SentBytes { records, bytes, digest } = sent;
        let sha256 = digest.finish().await?;
        let mut response = self.response(app);
        let event = self.event_of(Some(records)).of_file(bytes, &sha256);
        app.record_all(by, self.access.into_iter().chain([event])).await?;
        let (totals, trailers) = (Totals::new(records, &sha256), Trailers::default());
        for field in totals.fields() {
            response.insert_header(field);
        }
        trailers.set(totals);
        let text: Vec<Bytes> = batches.into_iter().map(|batch| batch.text).collect();
        let mut response = response.body(text.concat());
        response.extensions_mut().insert(trailers);
        Ok(response)
    }

    fn event_of(&self, record_count: Option<u64>) -> Event {
        (self.event)(self.content, self.format.code(), record_count, self.filters.clone())
    }

    fn response(&self, app: &App) -> HttpResponseBuilder {
        let content = self.content.replace('_', "-");
        let name = format!("{content}-{}.{}", app.now().format("%Y%m%d-%H%M%S"), self.format.code());
        let mut response = HttpResponse::Ok();
        response
            .content_type(self.format.media_type())
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        response
    }
}

/// The first batches, up to the size of a complete file, and whether these are all.
async fn beginning(batches: &mut Batches) -> Result<(Vec<Batch>, bool)> {
    let (mut begun, mut bytes) = (Vec::new(), 0_usize);
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        bytes = bytes.saturating_add(batch.text.len());
        begun.push(batch);
        if bytes > COMPLETE_BYTES_MAX {
            return Ok((begun, false));
        }
    }
    Ok((begun, true))
}

/// What was sent.
#[derive(Default)]
struct SentBytes {
    records: u64,
    bytes: u64,
    digest: Digest,
}

impl SentBytes {
    async fn note(&mut self, batch: &Batch) -> Result<()> {
        self.records += batch.records;
        self.bytes += u64::try_from(batch.text.len()).unwrap_or(u64::MAX);
        self.digest.update(&batch.text).await
    }

    /// The second entry of an export, and the trailers of its response.
    async fn ended(self, export: &Export, trailers: &Trailers, is_complete: bool) -> Result<Event> {
        let Self { records, bytes, digest } = self;
        let event = export.event_of(Some(records));
        if !is_complete {
            return Ok(event.export_aborted(bytes));
        }
        let sha256 = digest.finish().await?;
        trailers.set(Totals::new(records, &sha256));
        Ok(event.export_completed(bytes, &sha256))
    }
}

/// The example of a file in the contract: one row.
pub fn example<R: Serialize>(row: R, format: Format) -> String {
    let text = match format {
        Format::Csv | Format::MarkedCsv => csv::header(&row).and_then(|head| Ok([head, csv::rows(&[row])?].concat())),
        Format::Ndjson => ndjson::rows(&[row]).map(Vec::from),
    };
    text.ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default()
}

/// What the channel carries: the batches, and then a marker that these were all. If the marker is missing, the client was too
/// slow.
type Part = Option<Result<Bytes>>;

/// Why no further part is sent.
enum Ending {
    /// The client has taken everything.
    Complete,
    Failed(Error),
    Disconnected,
    TooSlow,
}

/// The batches as their client takes them. `ended` is called with what was sent, and whether that is everything, before the
/// response ends.
fn paced<S, E, F>(batches: S, ended: E) -> impl Stream<Item = Result<Bytes>>
where
    S: Stream<Item = Result<Batch>> + 'static,
    E: FnOnce(SentBytes, bool) -> F + 'static,
    F: Future<Output = Result<()>> + 'static,
{
    let (parts, taken) = mpsc::channel::<Part>(1);
    actix_web::rt::spawn(async move {
        let mut sent = SentBytes::default();
        let ending = hand_over(batches, &parts, &mut sent).await;
        let recorded = ended(sent, matches!(ending, Ending::Complete)).await;
        if let Err(error) = &recorded {
            tracing::error!(cause = with_sources(error), "the end of an export could not be recorded");
        }
        let last = match (ending, recorded) {
            (Ending::Complete, Ok(())) => None,
            (Ending::Complete, Err(error)) | (Ending::Failed(error), _) => Some(Err(error)),
            (Ending::Disconnected, _) => return,
            (Ending::TooSlow, _) => {
                let kib = BYTES_A_SECOND_MIN >> 10;
                return tracing::warn!("export aborted: client too slow (less than {kib} KiB per second)");
            }
        };
        // It fails only if the client has disconnected.
        drop(parts.send(last).await);
    });
    stream::try_unfold(taken, next)
}

/// Hands the batches over, until the last one was taken. They are dropped then, and what they hold with them.
async fn hand_over(batches: impl Stream<Item = Result<Batch>>, parts: &Sender<Part>, sent: &mut SentBytes) -> Ending {
    let (mut batches, mut pace) = (pin!(batches), Pace::default());
    loop {
        let batch = match batches.next().await {
            Some(Ok(batch)) => batch,
            Some(Err(error)) => return Ending::Failed(error),
            // There is room again once the last part was taken.
            None => {
                return match pace.hand_over(0, parts.reserve()).await {
                    Ok(Ok(_)) => Ending::Complete,
                    Ok(Err(_)) => Ending::Disconnected,
                    Err(_) => Ending::TooSlow,
                };
            }
        };
        if let Err(error) = sent.note(&batch).await {
            return Ending::Failed(error);
        }
        match pace.hand_over(batch.text.len(), parts.send(Some(Ok(batch.text)))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Ending::Disconnected,
            Err(_) => return Ending::TooSlow,
        }
    }
}

async fn next(mut taken: Receiver<Part>) -> Result<Option<(Bytes, Receiver<Part>)>> {
    match taken.recv().await {
        Some(Some(part)) => Ok(Some((part?, taken))),
        Some(None) => Ok(None),
        None => Err(Error::with_detail(
            Code::InternalError,
            format!("The client read slower than {BYTES_A_SECOND_MIN} bytes per second."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    fn batches() -> impl Stream<Item = Result<Batch>> {
        stream::iter((0..9).map(|_| Ok(Batch::new(1, Bytes::from_static(b"a line\n")))))
    }

    type Ended = Rc<Cell<Option<(u64, u64, bool)>>>;

    /// The parts that a client gets, and how the response ended.
    fn parts() -> (impl Stream<Item = Result<Bytes>>, Ended) {
        let ended = Ended::default();
        let reported = Rc::clone(&ended);
        let parts = paced(batches(), move |sent, is_complete| {
            reported.set(Some((sent.records, sent.bytes, is_complete)));
            async { Ok(()) }
        });
        (parts, ended)
    }

    #[tokio::test]
    async fn a_client_that_keeps_pace_receives_everything() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let (parts, ended) = parts();
                let parts: Vec<Result<Bytes>> = parts.collect().await;
                assert_eq!(parts.into_iter().filter_map(Result::ok).count(), 9);
                assert_eq!(ended.get(), Some((9, 63, true)));
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_to_a_stalled_client_ends_with_an_error() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let (parts, ended) = parts();
                let mut parts = pin!(parts);
                assert!(parts.next().await.is_some_and(|part| part.is_ok()));
                tokio::time::sleep(Duration::from_secs(60)).await;
                let rest: Vec<Result<Bytes>> = parts.collect().await;
                assert!(rest.len() < 8 && rest.last().is_some_and(Result::is_err), "{}", rest.len());
                assert!(ended.get().is_some_and(|(records, _, is_complete)| records < 9 && !is_complete));
            })
            .await;
    }

    #[tokio::test]
    async fn a_response_whose_end_cannot_be_recorded_is_aborted() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let parts = paced(batches(), |_, _| async { Err(Error::plain(Code::AuditUnavailable)) });
                let parts: Vec<Result<Bytes>> = parts.collect().await;
                assert_eq!((parts.len(), parts.last().is_some_and(Result::is_err)), (10, true));
            })
            .await;
    }

    #[tokio::test]
    async fn the_end_is_told_when_a_client_disconnects() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let (parts, ended) = parts();
                let mut parts = Box::pin(parts);
                assert!(parts.next().await.is_some_and(|part| part.is_ok()));
                drop(parts);
                while ended.get().is_none() {
                    tokio::task::yield_now().await;
                }
                assert!(ended.get().is_some_and(|(records, _, is_complete)| records < 9 && !is_complete));
            })
            .await;
    }
}
