//! A file download, generated while it is sent: one batch ahead of its client, as long as the client keeps pace and may read it.

use super::pace::{BYTES_A_SECOND_MIN, Pace};
use super::reading_on::while_admitted;
use crate::http::request::caller::Anyone;
use crate::state::App;
use crate::wire::{Code, Error, Result, csv, ndjson};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use serde::{Deserialize, Serialize};
use std::pin::pin;
use tokio::sync::mpsc::{self, Receiver};
use utoipa::IntoParams;
use validator::Validate;

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

/// The response, named after its content and the time of creation. The resources that `batches` holds, such as a snapshot of the
/// database, are released after its last batch, when the client disconnects, when the client is slower than 64 KiB a second, or
/// when the client loses access: then the response is aborted.
pub fn file<S>(app: &App, by: &Anyone, name: &str, format: Format, batches: S) -> HttpResponse
where
    S: Stream<Item = Result<Bytes>> + 'static,
{
    let name = format!("{name}-{}.{}", app.now().format("%Y%m%d-%H%M%S"), format.code());
    HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(while_admitted(app, by, paced(stream::iter(format.mark().map(Ok)).chain(batches))))
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

fn paced<S>(batches: S) -> impl Stream<Item = Result<Bytes>>
where
    S: Stream<Item = Result<Bytes>> + 'static,
{
    let (parts, taken) = mpsc::channel::<Part>(1);
    actix_web::rt::spawn(async move {
        let (mut batches, mut pace) = (pin!(batches), Pace::default());
        loop {
            let part = batches.next().await;
            let is_last = !matches!(part, Some(Ok(_)));
            let bytes = part.as_ref().and_then(|part| part.as_ref().ok()).map_or(0, Bytes::len);
            match pace.hand_over(bytes, parts.send(part)).await {
                Ok(Ok(())) if !is_last => {}
                // Everything was sent, or the client has disconnected.
                Ok(Ok(()) | Err(_)) => return,
                Err(_) => return tracing::warn!("export aborted: client too slow (less than 64 KiB per second)"),
            }
        }
    });
    stream::try_unfold(taken, next)
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
    use std::time::Duration;

    fn batches() -> impl Stream<Item = Result<Bytes>> {
        stream::iter((0..9).map(|_| Ok(Bytes::from_static(b"a line\n"))))
    }

    #[tokio::test]
    async fn a_client_that_keeps_pace_receives_everything() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let parts: Vec<Result<Bytes>> = paced(batches()).collect().await;
                assert_eq!(parts.into_iter().filter_map(Result::ok).count(), 9);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_to_a_stalled_client_ends_with_an_error() {
        tokio::task::LocalSet::new()
            .run_until(async {
                let mut parts = pin!(paced(batches()));
                assert!(parts.next().await.is_some_and(|part| part.is_ok()));
                tokio::time::sleep(Duration::from_secs(60)).await;
                let rest: Vec<Result<Bytes>> = parts.collect().await;
                assert!(rest.len() < 8 && rest.last().is_some_and(Result::is_err), "{}", rest.len());
            })
            .await;
    }
}
