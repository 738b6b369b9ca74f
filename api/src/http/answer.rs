//! The current state of a resource, with its version as ETag.

pub mod attachment;
pub mod blocked;
pub mod digest;
pub mod entry;
pub mod entry_line;
pub mod file;
pub mod pace;
pub mod reading_on;
pub mod reference;
pub mod trailers;
pub mod user;

use crate::http::request::caller::{Admitted, Anyone, admitted};
use crate::http::request::page::Paged;
use crate::wire::fields::{Text, TextForm};
use crate::wire::{Code, Error, FieldProblem, Interruption, Result};
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use entity::audit::AuditTx;
use entity::idempotency::StoredResponse;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;
use utoipa::openapi::schema::ObjectBuilder;
use validator::ValidationError;

/// The initial capacity of a response body, in bytes: most bodies fit into it. One that grows is copied several times.
const BODY_CAPACITY: usize = 4096;

/// What a handler returns. Rows never leave as JSON, so a view has to exist.
pub struct Answer<V> {
    view: V,
    version: Option<i32>,
    location: Option<String>,
    next_cursor: Option<String>,
}

impl<V> Answer<V> {
    /// A resource that has a version.
    pub fn new(view: V, version: i32) -> Self {
        Self { version: Some(version), ..Self::plain(view) }
    }

    /// Something without a version and without further pages.
    pub fn plain(view: V) -> Self {
        Self { view, version: None, location: None, next_cursor: None }
    }

    /// A response with a list that may have further pages.
    pub fn page(view: V) -> Self
    where
        V: Paged,
    {
        Self { next_cursor: view.next_cursor().map(str::to_owned), ..Self::plain(view) }
    }

    /// The same answer with additional content: a secret that is shown once and was not to be stored.
    pub fn showing<W>(self, change: impl FnOnce(V) -> W) -> Answer<W> {
        let Self { view, version, location, next_cursor } = self;
        Answer { view: change(view), version, location, next_cursor }
    }

    /// 201, with the address of the new resource.
    pub fn created(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}

impl<V: Serialize> Answer<V> {
    /// The answer as it is sent, and as it is stored for a replay.
    pub fn rendered(&self) -> Result<StoredResponse> {
        let status = if self.location.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let mut body = Vec::with_capacity(BODY_CAPACITY);
        serde_json::to_writer(&mut body, &self.view).map_err(|error| Error::internal(error))?;
        let body = String::from_utf8(body).map_err(|error| Error::internal(error))?;
        Ok(StoredResponse { status: status.as_u16().into(), version: self.version, location: self.location.clone(), body })
    }

    /// The last step of a write whose view was read inside its transaction: stores the answer if the request may be retried, and
    /// commits.
    pub async fn committed(self, tx: AuditTx, by: &Anyone) -> Result<Self, Interruption> {
        if let Some(retry) = by.retry() {
            retry.keep(&tx, self.rendered()?).await?;
        }
        tx.commit().await?;
        Ok(self)
    }
}

impl<V: Serialize> Responder for Answer<V> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let rendered = self.rendered().map(|kept| respond(request, kept));
        let mut response = rendered.unwrap_or_else(HttpResponse::from_error);
        if let Some(cursor) = self.next_cursor
            && let Ok(link) = HeaderValue::from_str(&next_link(request, &cursor))
        {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

/// Sets the headers of an answer: `ETag`, `Location`, and whether it may be cached.
pub fn respond(request: &HttpRequest, kept: StoredResponse) -> HttpResponse {
    let StoredResponse { status, version, location, body } = kept;
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let tag = version.map(|version| tag(version, &body));
    let mut response = HttpResponse::build(status);
    // Nearly everything is about a person. A client that keeps its own copy may still check whether it is current.
    response.insert_header((CACHE_CONTROL, "no-store"));
    if let Some(tag) = &tag {
        response.insert_header((ETAG, tag.as_str()));
        if is_known(request, tag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
    }
    if let Some(location) = location {
        response.insert_header((LOCATION, location));
    }
    response.content_type("application/json").body(body)
}

/// The version in a tag. Only the version counts for a write, so a bare "7" is accepted, as is a tag that a compressing proxy
/// made weak.
fn version_of(tag: &str) -> Option<i32> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    let (version, digest) = tag.split_once('-').unwrap_or((tag, "00000000"));
    let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    let is_tag = version.bytes().all(|digit| digit.is_ascii_digit()) && digest.len() == 8 && digest.bytes().all(is_hex);
    is_tag.then(|| version.parse().ok()).flatten()
}

/// The version, to which a write's precondition refers, and a digest of the body: the body also changes with the caller, with the
/// clock and with data related to the row.
fn tag(version: i32, body: &str) -> String {
    let digest: String = entity::text::sha256_hex(body.as_bytes()).chars().take(8).collect();
    format!("\"{version}-{digest}\"")
}

/// Only reads are answered with 304; a write's precondition is If-Match. Compared weakly (RFC 9110, 13.1.2): a proxy that
/// compresses makes the tag weak.
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let known = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|line| line.split(',')).map(str::trim);
    *request.method() == Method::GET && known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// RFC 8288: the same request with the next cursor.
fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let others = request.query_string().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("<{}?{}>; rel=\"next\"", request.path(), query.join("&"))
}

/// How the contract describes the precondition of a write.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only for the contract; requests are read by IfMatch")]
pub struct IfMatchHeader {
    /// The version that the caller has seen, as returned in `ETag`; 412 if the resource has a different version
    #[param(rename = "If-Match", inline, nullable = false, example = "\"7-1f0c9a2e\"")]
    if_match: Option<SeenVersions>,
}

type SeenVersions = Text<0, PRECONDITION_LENGTH_MAX, EntityTags>;
type CurrentVersion = Text<0, PRECONDITION_LENGTH_MAX>;

/// The versions of a precondition, or `*`. For the contract only: `IfMatch` reads them.
struct EntityTags;

impl TextForm for EntityTags {
    const NAME: &'static str = "entity_tags";

    fn check(_: &str) -> Result<(), ValidationError> {
        Ok(())
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.pattern(Some(r#"^([*]|(W/)?"[0-9]{1,9}(-[0-9a-f]{8})?"(, ?(W/)?"[0-9]{1,9}(-[0-9a-f]{8})?")*)$"#))
    }
}

/// How the contract describes a conditional read.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only for the contract; requests are read by Answer")]
pub struct IfNoneMatchHeader {
    /// The version that the caller has, as returned in `ETag`; 304 if it is still current
    #[param(rename = "If-None-Match", inline, nullable = false, example = "\"7-1f0c9a2e\"")]
    if_none_match: Option<CurrentVersion>,
}

/// How the contract describes the key of a request that may be retried.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only for the contract")]
pub struct IdempotencyKeyHeader {
    /// A key that the caller chooses for this request, such as a UUID. A retry with the same key and body within 24 hours returns
    /// the original response without repeating the operation
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        min_length = 8,
        max_length = 128,
        pattern = "^[!-~]+$",
        example = "01a20725-be30-7584-bca5-f00e655c90d6"
    )]
    idempotency_key: Option<String>,
}

/// The version that a write expects, if any.
#[derive(Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// No expectation.
    Whatever,
    /// `*`: any version.
    Any,
    OneOf(Vec<i32>),
}

impl IfMatch {
    /// 412 if the resource has a different version.
    pub fn check(&self, current: i32) -> Result<()> {
        match self {
            Self::OneOf(versions) if !versions.contains(&current) => Err(Self::mismatch(versions, current)),
            Self::OneOf(_) | Self::Any | Self::Whatever => Ok(()),
        }
    }

    /// The refusal of a change that expects other versions than the current one.
    pub fn mismatch(expected: &[i32], current: i32) -> Error {
        let read = match expected {
            [version] => format!("version {version}"),
            _ => "it".to_owned(),
        };
        let detail = format!("The resource was changed since {read} was read. Its version is now {current}.");
        Error::with_detail(Code::VersionMismatch, detail).with("current_version", current)
    }

    /// 412 if a version is expected of a resource that doesn't exist yet (RFC 9110, 13.1.1).
    pub fn check_absent(&self) -> Result<()> {
        match self {
            Self::Whatever => Ok(()),
            Self::Any | Self::OneOf(_) => {
                Err(Error::with_detail(Code::VersionMismatch, "The resource does not exist yet, so it has no version."))
            }
        }
    }

    pub fn extract(request: &HttpRequest) -> Result<Self> {
        let refused = || refused(&IF_MATCH, "entity_tag", "must be a version as returned in ETag, such as \"7-1f0c9a2e\"");
        if precondition(request, &IF_MATCH)?.is_none() {
            return Ok(Self::Whatever);
        }
        let lines = request.headers().get_all(IF_MATCH).filter_map(|line| line.to_str().ok());
        let lines = lines.map(Self::of_line).collect::<Option<Vec<_>>>().ok_or_else(refused)?;
        let mut lines = lines.into_iter();
        let first = lines.next().unwrap_or(Self::Whatever);
        if lines.all(|line| line == first) { Ok(first) } else { Err(conflicting()) }
    }

    /// One line: `*`, or versions in any order.
    fn of_line(line: &str) -> Option<Self> {
        if line.trim() == "*" {
            return Some(Self::Any);
        }
        let versions = line.split(',').map(version_of).collect::<Option<BTreeSet<i32>>>();
        versions.map(|versions| Self::OneOf(versions.into_iter().collect()))
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        admitted(request, Self::extract(request))
    }
}

/// The versions that the client of a read has. Only their length can be invalid: an unknown tag is not the current version, and
/// which of them is current is decided when the answer is built.
pub struct IfNoneMatch;

impl FromRequest for IfNoneMatch {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        admitted(request, precondition(request, &IF_NONE_MATCH).map(|_| Self))
    }
}

/// The maximum length of the list of versions in a request.
const PRECONDITION_LENGTH_MAX: usize = 200;

/// All lines of the header, which form one list (RFC 9110, 5.3).
fn precondition(request: &HttpRequest, name: &HeaderName) -> Result<Option<String>> {
    let lines = request.headers().get_all(name).map(|line| line.to_str().map(str::trim));
    let lines: Vec<&str> = lines.collect::<Result<_, _>>().map_err(|_| refused(name, "type", "must be visible ASCII"))?;
    let text = lines.join(", ");
    match text.len() {
        _ if lines.is_empty() => Ok(None),
        ..=PRECONDITION_LENGTH_MAX => Ok(Some(text)),
        _ => Err(refused(name, "length", &format!("must have at most {PRECONDITION_LENGTH_MAX} characters"))),
    }
}

/// Two lines expect different versions, so it is unclear which one the client saw.
fn conflicting() -> Error {
    refused(&IF_MATCH, "repeated_header", "must not list different versions in separate header lines")
}

fn refused(name: &HeaderName, code: &str, detail: &str) -> Error {
    let name = if *name == IF_MATCH { "If-Match" } else { "If-None-Match" };
    Error::fields(Code::InvalidHeader, vec![FieldProblem::header(name, code, detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_only_from_a_well_formed_etag() {
        for named in ["\"7\"", " \"7-1f0c9a2e\" ", "W/\"7-1f0c9a2e\""] {
            assert_eq!(version_of(named), Some(7), "{named}");
        }
        assert_eq!(version_of(&tag(7, "body")), Some(7));
        for text in ["", "7", "\"\"", "\"+7\"", "\"7-\"", "\"7-1F0C9A2E\"", "\"7-1f0c9a2\"", "\"seven\"", "\"99999999999\""] {
            assert_eq!(version_of(text), None, "{text}");
        }
    }
}
