//! Download a document.

use super::form::FileBytes;
use super::target::{DocumentPath, DocumentTarget};
use crate::http::answer::attachment::attachment;
use crate::http::answer::digest;
use crate::http::answer::reading_on::{Reader, for_as_long_as};
use crate::http::request::range::{REPR_DIGEST, RangeHeader, RequestedRange};
use crate::http::{Anyone, PersonCaller};
use crate::state::App;
use crate::wire::{Code, DownloadProblems, Error, Interruption, Result};
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_RANGE, ContentEncoding, ETAG};
use actix_web::{HttpResponse, get};
use entity::attempt::{self, Limit};
use entity::audit::Event;
use entity::document;
use futures_util::TryStreamExt;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Download a document
///
/// Returns the whole file or a single byte range; requests for several ranges, or with a unit other than bytes, return the whole
/// file. The file type is part of the document's metadata. Each download is recorded before its first byte is sent, and is
/// aborted within 5 seconds after the caller loses the right to see the document. Ranges that the same caller requests within 15
/// minutes of the entry belong to the same download, as those of a preview do: they are only counted, and the next entry has
/// their number as `folded_count`. A request without a range is a new download.
#[utoipa::path(
    tag = "documents",
    params(DocumentPath, RangeHeader),
    responses(
        (status = OK, description = "The whole document", body = DocumentBytes, content_type = "application/octet-stream"),
        (status = PARTIAL_CONTENT, description = "The range", body = DocumentBytes, content_type = "application/octet-stream"),
        DownloadProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["document_downloaded"], "denied": entity::audit::Action::DocumentDownloaded,
    }))),
)]
#[get("/documents/{document_id}/content")]
pub async fn download_document(
    app: App,
    by: PersonCaller,
    target: DocumentTarget,
    asked: RequestedRange,
) -> Result<HttpResponse, Interruption> {
    let document = target.seen(&app, &by).await?;
    let (size, tag) = (u64::try_from(document.size_bytes).unwrap_or_default(), format!("\"{}\"", document.sha256));
    let Some(range) = asked.within(size, &tag) else {
        let mut refused = HttpResponse::from_error(Error::plain(Code::RangeNotSatisfiable));
        let whole = format!("bytes */{size}").parse().map_err(|error| Error::internal(error))?;
        refused.headers_mut().insert(CONTENT_RANGE, whole);
        return Ok(refused);
    };
    let is_part = range != (0..size);
    let sent_range = format!("{}-{}", range.start, range.end.saturating_sub(1));
    let bytes = app.storage().read(document.id, is_part.then(|| range.clone())).await?;
    record(&app, &by, &document, &asked, is_part.then_some(sent_range.as_str())).await?;
    let mut response = HttpResponse::Ok();
    if asked.of_content(&tag).is_some() {
        response.status(StatusCode::PARTIAL_CONTENT).insert_header((CONTENT_RANGE, format!("bytes {sent_range}/{size}")));
    }
    response
        .content_type("application/octet-stream")
        .insert_header(attachment(&document.filename))
        .insert_header((ACCEPT_RANGES, "bytes"))
        // For If-Range. The answer is never 304: every read of the content is served, and so recorded or counted.
        .insert_header((ETAG, tag))
        .insert_header((REPR_DIGEST, digest::field(&document.sha256)))
        // Ranges and digest refer to the bytes as stored.
        .insert_header(ContentEncoding::Identity);
    let reader = Reader::new(move || {
        let (app, by) = (app.clone(), by.clone());
        async move { target.seen(&app, &by.judged_again(&app).await?).await.map(drop) }
    });
    Ok(response.body(SizedStream::new(range.end - range.start, for_as_long_as(reader, bytes.map_err(Error::from)))))
}

/// Records a download, or counts what belongs to one that is recorded; `sent_range` is the part that is sent, if not all.
async fn record(
    app: &App,
    by: &Anyone,
    document: &document::Model,
    asked: &RequestedRange,
    sent_range: Option<&str>,
) -> Result<(), Interruption> {
    let (tx, by) = app.begin(by).await?;
    let key = format!("download {} {}", by.id(), document.id);
    let event = Event::document_downloaded(document, sent_range);
    if asked.is_range() {
        attempt::record(&tx, &by.context(), &key, Limit::DOWNLOADS, event).await?;
    } else {
        attempt::record_anew(&tx, &key, Limit::DOWNLOADS, event).await?;
    }
    Ok(tx.commit().await?)
}

/// Describes the bytes of a document, and holds none: responses are streams.
struct DocumentBytes;

impl PartialSchema for DocumentBytes {
    fn schema() -> RefOr<Schema> {
        let mut bytes = FileBytes::describe().description(Some("The bytes of a document")).build();
        bytes.example = Some("%PDF-1.7 …".into());
        bytes.into()
    }
}

impl ToSchema for DocumentBytes {}
