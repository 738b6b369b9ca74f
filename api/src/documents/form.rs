//! A multipart/form-data body, read part by part: texts are kept in memory, the file is streamed to the storage.

use super::sniff;
use crate::http::answer::digest::Digest;
use crate::http::answer::pace::{Pace, TooSlow};
use crate::http::request::idempotency::RequestDigest;
use crate::http::request::work::Work;
use crate::storage::Incoming;
use crate::wire::fields::{Bytes, DocumentNotes, Filename, ReportNumber, Whole, integer};
use crate::wire::{Code, Error, FieldProblem, Result, json};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use entity::document::DocumentType;
use entity::text;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use validator::Validate;

/// The maximum size of a file. `tests/it/contract/upload_limit.rs` compares what the contract, the documentation and the page say
/// with this number.
pub const FILE_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// The size of a file in bytes.
#[expect(clippy::as_conversions, reason = "it fits, and a constant can't call a conversion")]
pub type FileSize = Whole<i64, 1, { FILE_BYTES_MAX as i64 }>;
/// The bytes of a file.
#[expect(clippy::as_conversions, reason = "it fits, and a constant can't call a conversion")]
pub type FileBytes = Bytes<{ FILE_BYTES_MAX as usize }>;

/// Allowance for everything in a body but its file: the other parts, headers and boundaries. A file that is too large is read
/// this far beyond its limit, so that a client that sends slightly too much receives the error response.
const SLACK_BYTES: u64 = 1024 * 1024;
const TEXT_BYTES_MAX: usize = 64 * 1024;
const PARTS_MAX: usize = 16;
const FILE: &str = "file";

/// Request body for adding a document to a case
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "used by the contract only; requests are parsed part by part")]
#[schema(example = json!({"file": "%PDF-1.7 …", "document_type": "supporting", "notes": "pay stub of October"}))]
pub struct UploadDocument {
    /// The file, with its name and content type: PDF, JPEG, PNG, TIFF, HEIF, DOCX, XLSX, CSV or plain text, the latter two in any
    /// encoding; at most 50 MiB. The content type may be any usual name of the type. If it is missing or
    /// `application/octet-stream`, the type is determined from the file alone, and CSV counts as plain text
    #[schema(value_type = FileBytes)]
    file: Vec<u8>,
    // Code generators have problems with a reference in a form.
    #[schema(inline)]
    document_type: DocumentType,
    /// Number of the requested report; required for reports, not allowed otherwise
    #[schema(nullable = false)]
    report_number: Option<ReportNumber>,
    /// Notes about the document
    #[schema(nullable = false)]
    notes: Option<DocumentNotes>,
}

/// The text parts.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Texts {
    document_type: DocumentType,
    #[validate(nested)]
    report_number: Option<ReportNumber>,
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    notes: Option<DocumentNotes>,
}

/// The received form.
#[derive(Clone, Debug)]
pub struct Form {
    pub document_type: DocumentType,
    pub report_number: Option<i32>,
    pub notes: Option<String>,
    pub file: File,
}

/// The file, as described by its row.
#[derive(Clone, Debug)]
pub struct File {
    pub filename: String,
    pub content_type: &'static str,
    pub size_bytes: u64,
    pub sha256: String,
}

/// Reads the body to its end. The file's bytes go to `into`, if given; errors in the form are reported in either case.
pub async fn receive(request: &HttpRequest, payload: Payload, mut into: Option<&mut Incoming>) -> Result<Form> {
    ensure_form(request)?;
    // The upload may continue as long as it keeps pace; no other work is done for the request in the meantime.
    let work = Work::find(request);
    if let Some(work) = &work {
        work.rest();
    }
    let mut multipart = Multipart::new(request.headers(), payload);
    let (mut pace, mut texts, mut file, mut parts) = (Pace::default(), Map::new(), None, 0);
    while let Some(part) = pace.wait(multipart.next()).await? {
        let mut part = part.map_err(malformed)?;
        let name = part.name().unwrap_or_default().to_owned();
        parts += 1;
        let is_given = texts.contains_key(&name) || (name == FILE && file.is_some());
        if is_given || parts > PARTS_MAX {
            return Err(unreadable(format!("duplicate part, or more than {PARTS_MAX} parts")));
        }
        if name == FILE {
            file = Some(receive_file(&mut part, &mut pace, into.as_deref_mut()).await?);
        } else {
            let text = receive_text(&mut part, &mut pace).await?;
            texts.insert(name, text);
        }
    }
    work.map_or(Ok(()), |work| work.resume())?;
    let form = checked(texts, file)?;
    // Boundaries differ between attempts; the content does not.
    let Form { document_type, report_number, notes, file } = &form;
    RequestDigest::note(request, json!([document_type, report_number, notes, file.filename, file.sha256]).to_string().as_bytes());
    Ok(form)
}

fn ensure_form(request: &HttpRequest) -> Result<()> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        return Err(Error::plain(Code::UnsupportedMediaType));
    }
    let is_too_large = header(CONTENT_LENGTH).parse().is_ok_and(|length: u64| length > FILE_BYTES_MAX + SLACK_BYTES);
    if is_too_large { Err(too_large()) } else { Ok(()) }
}

/// Whole numbers become numbers, everything else a string, so that the rules for JSON report what is wrong with either.
async fn receive_text(part: &mut Field, pace: &mut Pace) -> Result<Json> {
    let mut bytes = Vec::new();
    while let Some(some) = pace.wait(part.next()).await? {
        let some = some.map_err(malformed)?;
        pace.note(some.len())?;
        if bytes.len() + some.len() > TEXT_BYTES_MAX {
            return Err(too_large());
        }
        bytes.extend_from_slice(&some);
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("a text part is not UTF-8".to_owned()))?;
    let number = if part.name() == Some("report_number") { integer(&text) } else { None };
    Ok(number.map_or_else(|| json!(text), |number| json!(number)))
}

/// An invalid file is reported along with other errors; a file that can't be read or stored ends the request.
async fn receive_file(
    part: &mut Field,
    pace: &mut Pace,
    mut into: Option<&mut Incoming>,
) -> Result<std::result::Result<File, FieldProblem>> {
    let (mut head, mut size_bytes, mut digest) = (Vec::new(), 0_u64, Digest::default());
    while let Some(bytes) = pace.wait(part.next()).await? {
        let bytes = bytes.map_err(malformed)?;
        pace.note(bytes.len())?;
        size_bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size_bytes > FILE_BYTES_MAX + SLACK_BYTES {
            break;
        }
        let of_head = bytes.iter().take(sniff::HEAD_BYTES.saturating_sub(head.len()));
        head.extend(of_head);
        if let (Some(into), true) = (into.as_deref_mut(), size_bytes <= FILE_BYTES_MAX) {
            into.write(&bytes).await?;
        }
        digest.update(&bytes).await?;
    }
    if size_bytes > FILE_BYTES_MAX {
        return Err(too_large());
    }
    let sha256 = digest.finish().await?;
    let is_whole = usize::try_from(size_bytes).is_ok_and(|size| size == head.len());
    // As sent: `actix-multipart` knows none where a parameter is malformed.
    let declared = part.headers().get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
    let file = filename(part).and_then(|filename| {
        if head.is_empty() {
            return Err(FieldProblem::body("/file", "length", "must not be empty"));
        }
        let content_type = sniff::content_type(&head, is_whole, declared.as_deref()).map_err(misfit)?;
        Ok(File { filename, content_type, size_bytes, sha256 })
    });
    Ok(file)
}

/// The name the uploader gave the file, without the folders that some browsers include. A quotation mark in it is encoded as %22
/// (WHATWG, HTML, 4.10.21.8).
fn filename(part: &Field) -> std::result::Result<String, FieldProblem> {
    let disposition = part.content_disposition();
    let plain = disposition.and_then(|disposition| disposition.get_filename()).map(|name| name.replace("%22", "\""));
    let extended = || disposition.and_then(|disposition| String::from_utf8(disposition.get_filename_ext()?.value.clone()).ok());
    let path = text::normalised(&plain.or_else(extended).unwrap_or_default());
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_name = text::is_displayable(name) && name.chars().count() <= Filename::LENGTH_MAX && ![".", ".."].contains(&name);
    let refused = || FieldProblem::body("/file", "filename", "must have a name of 1 to 255 visible characters");
    if is_name { Ok(name.to_owned()) } else { Err(refused()) }
}

fn misfit(refused: sniff::SniffError) -> FieldProblem {
    let (code, detail) = match refused {
        sniff::SniffError::Unknown => ("content_type", "must be PDF, JPEG, PNG, TIFF, HEIF, DOCX, XLSX, CSV or plain text"),
        sniff::SniffError::OtherThanDeclared => ("content_type_mismatch", "must match its declared content type"),
    };
    FieldProblem::body("/file", code, detail)
}

fn checked(texts: Map<String, Json>, file: Option<std::result::Result<File, FieldProblem>>) -> Result<Form> {
    let Texts { document_type, report_number, notes } = json::read(Json::Object(texts).to_string().as_bytes())?;
    let mut faults = Vec::new();
    match (document_type, report_number) {
        (DocumentType::Report, None) => faults.push(FieldProblem::body("/report_number", "required", "is required for reports")),
        (DocumentType::Report, Some(_)) | (_, None) => {}
        (_, Some(_)) => faults.push(FieldProblem::body("/report_number", "not_allowed", "is allowed only for reports")),
    }
    let file = file.unwrap_or_else(|| Err(FieldProblem::body("/file", "required", "is required")));
    let file = file.map_err(|fault| faults.push(fault));
    match (file, faults.is_empty()) {
        (Ok(file), true) => {
            Ok(Form { document_type, report_number: report_number.map(ReportNumber::get), notes: notes.map(String::from), file })
        }
        (Ok(_) | Err(()), _) => Err(Error::fields(Code::ValidationFailed, faults)),
    }
}

impl From<TooSlow> for Error {
    fn from(_: TooSlow) -> Self {
        Self::plain(Code::RequestTimeout)
    }
}

fn too_large() -> Error {
    let (file_mib, text_kib) = (FILE_BYTES_MAX >> 20, TEXT_BYTES_MAX >> 10);
    let detail = format!("A file may have at most {file_mib} MiB, a text part at most {text_kib} KiB.");
    Error::with_detail(Code::PayloadTooLarge, detail)
}

fn malformed(error: MultipartError) -> Error {
    unreadable(error.to_string())
}

fn unreadable(why: String) -> Error {
    Error::unreadable(Code::MalformedMultipart, why)
}

#[cfg(test)]
mod properties;
