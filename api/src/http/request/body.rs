//! A JSON body that is well-formed, valid and within its limits, or a problem that names the field.

use super::caller::admitted;
use super::idempotency::RequestDigest;
use super::operations;
use super::work::Work;
use crate::wire::{Code, Error, Result, json};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use validator::Validate;

const LENGTH_MAX: usize = 64 * 1024;
/// For requests without a caller. A body of this size also takes nothing of the budget of memory.
const SMALL_LENGTH_MAX: usize = 8 * 1024;
/// For batches from other systems: a batch is applied entirely or not at all, so it comes in one request.
const LARGE_LENGTH_MAX: usize = 1024 * 1024;
/// For operations without a body.
const NOTHING_LENGTH_MAX: usize = 1024;

const JSON: &str = "application/json";
/// A JSON object whose fields replace those of the resource (RFC 7396): what the body of a PATCH is under either media type.
pub const MERGE_PATCH: &str = "application/merge-patch+json";
const PATCH_TYPES: [&str; 2] = [JSON, MERGE_PATCH];
/// Lists the media types that a PATCH takes (RFC 5789, 3.1).
pub const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The value of `Accept-Patch`.
pub fn accept_patch() -> String {
    PATCH_TYPES.join(", ")
}

/// A request body, read and validated.
pub struct Body<T, const MAX: usize = LENGTH_MAX>(pub T);

/// A body of up to 8 KiB.
pub type SmallBody<T> = Body<T, SMALL_LENGTH_MAX>;

/// A body of up to 1 MiB.
pub type LargeBody<T> = Body<T, LARGE_LENGTH_MAX>;

impl<T, const MAX: usize> Deref for Body<T, MAX> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate + 'static, const MAX: usize> FromRequest for Body<T, MAX> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request, payload, MAX, |is_taken, bytes| is_taken.and_then(|()| json::read(bytes).map(Self)))
    }
}

/// A body that may be missing: all its fields then have their defaults.
pub struct OptionalBody<T>(pub T);

impl<T> Deref for OptionalBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request, payload, LENGTH_MAX, |is_taken, bytes| match bytes {
            [] => Ok(Self(T::default())),
            bytes => is_taken.and_then(|()| json::read(bytes).map(Self)),
        })
    }
}

/// Handles the body of a request to an operation without one. An empty object carries no information, and many clients always
/// send one; everything else is refused, so that no input is silently ignored.
pub struct NoBody(Option<(Payload, Option<Work>, usize)>);

impl NoBody {
    /// Reads the body, if no extractor will.
    pub fn take(request: &HttpRequest, payload: &mut Payload) -> Self {
        let pattern = request.match_pattern().unwrap_or_default();
        let operation = operations::find(request.method().as_str(), &pattern);
        let read = || (payload.take(), Work::find(request), declared_length(request).unwrap_or_default());
        Self(operation.is_some_and(|operation| operation.refuses_a_body).then(read))
    }

    pub async fn ensure_empty(self) -> Result<()> {
        let Some((mut payload, work, length)) = self.0 else { return Ok(()) };
        let refused = || Error::with_detail(Code::UnsupportedMediaType, "This operation does not accept a request body.");
        if length > NOTHING_LENGTH_MAX {
            return Err(refused());
        }
        let mut said = Vec::new();
        while let Some(chunk) = next(work.as_ref(), &mut payload).await? {
            said.extend_from_slice(&chunk);
            if said.len() > NOTHING_LENGTH_MAX {
                return Err(refused());
            }
        }
        work.map_or(Ok(()), |work| work.resume())?;
        said.retain(|letter| !letter.is_ascii_whitespace());
        if matches!(said.as_slice(), b"" | b"{}") { Ok(()) } else { Err(refused()) }
    }
}

fn read<B: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    length_max: usize,
    shaped: fn(Result<()>, &[u8]) -> Result<B>,
) -> Pin<Box<dyn Future<Output = Result<B>>>> {
    let (is_taken, request) = (ensure_taken(request), request.clone());
    let mut payload = payload.take();
    Box::pin(async move {
        let read = collect(&request, &mut payload, length_max).await.and_then(|bytes| shaped(is_taken, &bytes));
        admitted(&request, read).await
    })
}

async fn collect(request: &HttpRequest, payload: &mut Payload, length_max: usize) -> Result<Vec<u8>> {
    let too_large =
        || Error::with_detail(Code::PayloadTooLarge, format!("The request body must have at most {length_max} bytes."));
    let length = declared_length(request).unwrap_or(length_max);
    if length > length_max {
        return Err(too_large());
    }
    let (mut bytes, work) = (Vec::new(), Work::find(request));
    while let Some(chunk) = next(work.as_ref(), payload).await? {
        if bytes.len().saturating_add(chunk.len()) > length_max {
            return Err(too_large());
        }
        make_room(&mut bytes, chunk.len(), length, work.as_ref())?;
        bytes.extend_from_slice(&chunk);
    }
    work.map_or(Ok(()), |work| work.resume())?;
    RequestDigest::note(request, &bytes);
    Ok(bytes)
}

/// Takes memory for a chunk only once it has arrived: a client that declares a length and sends nothing holds nothing. The
/// capacity is doubled, so that a body in many chunks is not copied for each of them.
fn make_room(bytes: &mut Vec<u8>, more: usize, length: usize, work: Option<&Work>) -> Result<()> {
    let needed = bytes.len().saturating_add(more);
    if needed <= bytes.capacity() {
        return Ok(());
    }
    let most = if needed > SMALL_LENGTH_MAX { length } else { length.min(SMALL_LENGTH_MAX) };
    let capacity = needed.max(bytes.capacity().saturating_mul(2).min(most));
    if let Some(work) = work.filter(|_| capacity > SMALL_LENGTH_MAX) {
        work.reserve_memory(capacity)?;
    }
    bytes.reserve_exact(capacity - bytes.len());
    Ok(())
}

/// The body's next chunk, within the time that its sender is allowed.
async fn next(work: Option<&Work>, payload: &mut Payload) -> Result<Option<Bytes>> {
    let chunk = match work {
        Some(work) => work.wait_for(payload.next()).await?,
        None => payload.next().await,
    };
    chunk.transpose().map_err(|error| Error::unreadable(Code::MalformedJson, error))
}

/// The length of the body as declared by its sender.
fn declared_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Refuses a body that is not JSON in UTF-8, under a media type that the operation takes, or that is compressed: request bodies
/// are not decompressed.
fn ensure_taken(request: &HttpRequest) -> Result<()> {
    let is_patch = *request.method() == Method::PATCH;
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = header(CONTENT_TYPE).split(';').map(str::trim);
    let taken: &[&str] = if is_patch { &PATCH_TYPES } else { &[JSON] };
    let is_json = parts.next().is_some_and(|kind| taken.iter().any(|taken| kind.eq_ignore_ascii_case(taken)));
    let is_utf_8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        // RFC 9110, 5.6.6: a quoted value is equivalent to an unquoted one.
        name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    let is_plain = matches!(header(CONTENT_ENCODING), "" | "identity");
    if is_json && is_plain && parts.all(|parameter| parameter.is_empty() || is_utf_8(parameter)) {
        return Ok(());
    }
    let detail = format!("The request body must be {} in UTF-8, without a content coding.", taken.join(" or "));
    Err(Error::with_detail(Code::UnsupportedMediaType, detail))
}
