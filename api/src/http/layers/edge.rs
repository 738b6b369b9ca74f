//! The layer around routing: gives each request its id, each error its problem, each refusal its audit entry, and each answer the
//! common headers.

use super::denied;
use super::framing::frame;
use crate::http::answer;
use crate::http::request::body::{ACCEPT_PATCH, accept_patch};
use crate::http::request::caller::PresentedCredential;
use crate::http::request::idempotency::{IDEMPOTENCY_REPLAYED, RequestDigest};
use crate::http::request::operations;
use crate::http::request::origin::{Origin, REQUEST_ID};
use crate::state::App;
use crate::wire::{Code, Error, FieldProblem, Interruption};
use actix_cors::CorsError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, Encoding, Header, HeaderMap, HeaderValue, LINK, LOCATION, REFERRER_POLICY, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use entity::idempotency::StoredResponse;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// What a page of the service may load: only content from its own origin. Swagger UI has its styles inline.
const PAGE_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

pub async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (app, origin) = (App::extract(request.request())?, Origin::extract(request.request())?);
    prepare(&mut request, &app);
    let path = request.path().to_owned();
    let is_api = path.starts_with("/api/");
    // A handler that panics costs its caller this answer and affects no one else.
    let mut response = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        // The request was dropped with its handler; only the error can still be reported.
        Ok(Err(error)) => match error.as_error::<Error>() {
            Some(known) => {
                count(&app, known);
                return Err(without_request(known.clone(), &requested_path(&app, &path), &origin));
            }
            None => return Err(error),
        },
        Err(_) => return Err(without_request(Error::internal("a handler panicked"), &requested_path(&app, &path), &origin)),
    };
    match interruption_of(&response) {
        None => {}
        Some(Interruption::Replay(kept)) => response = replay(response, *kept),
        Some(Interruption::Problem(error)) => {
            let error = denied::record(&app, response.request(), &error).await.err().unwrap_or(error);
            let error = naming_its_field(error, response.request());
            count(&app, &error);
            response = render(response, &error, &requested_path(&app, &path), &origin);
        }
    }
    complete(response.headers_mut(), &origin, is_api);
    publish(response.headers_mut(), app.public_path());
    close_at_a_stop(&app, response.response_mut().head_mut());
    Ok(frame(response))
}

/// Counts a 503 by its cause, which neither its status nor its code tells.
fn count(app: &App, error: &Error) {
    if let Some(shortage) = error.shortage() {
        app.metrics().unavailable(shortage);
    }
}

/// While the service stops, each answer is the last one of its connection: the client opens its next connection elsewhere, and no
/// connection is left that would be closed at the end while a request is on its way.
fn close_at_a_stop(app: &App, head: &mut ResponseHead) {
    if app.stopping().is_cancelled() {
        head.set_connection_type(ConnectionType::Close);
    }
}

/// Normalises a request before it is routed.
fn prepare(request: &mut ServiceRequest, app: &App) {
    if let Some(presented) = PresentedCredential::find(request.request(), app) {
        request.extensions_mut().insert(presented);
    }
    RequestDigest::expect(request);
    // HEAD runs as GET; the server itself omits the body.
    if *request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    // RFC 9110, 12.5.3: where no coding is acceptable, the plain bytes are a better answer than 406.
    let known = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::zstd()];
    if AcceptEncoding::parse(request).is_ok_and(|accepted| accepted.negotiate(known.iter()).is_none()) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
}

/// The headers of every answer.
fn complete(headers: &mut HeaderMap, origin: &Origin, is_api: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // It only prevented outer layers from encoding content that must be sent as it is (RFC 9110, 8.4.1).
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        headers.remove(CONTENT_ENCODING);
    }
    vary_by_coding(headers);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(&origin.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if is_api && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    }
}

/// A reverse proxy that serves the service below a path removes that path from requests, so references to the service's own
/// resources begin with it again.
fn publish(headers: &mut HeaderMap, public_path: &str) {
    if public_path.is_empty() {
        return;
    }
    for (name, before) in [(LOCATION, ""), (LINK, "<")] {
        let reference = headers.get(&name).and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix(before));
        let public = reference.filter(|reference| reference.starts_with('/'));
        if let Some(Ok(value)) = public.map(|reference| HeaderValue::from_str(&format!("{before}{public_path}{reference}"))) {
            headers.insert(name, value);
        }
    }
}

/// A cache must not reuse an answer for a client that accepts a different coding, and a tag shared by all codings is weak (RFC
/// 9110, 8.8.1 and 12.5.5).
fn vary_by_coding(headers: &mut HeaderMap) {
    let on_coding = |vary: &HeaderValue| vary.to_str().is_ok_and(|on| on.to_ascii_lowercase().contains("accept-encoding"));
    if !headers.get_all(VARY).any(on_coding) {
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| !tag.starts_with("W/"));
    if let (true, Some(tag)) = (headers.contains_key(CONTENT_ENCODING), tag)
        && let Ok(weak) = HeaderValue::from_str(&format!("W/{tag}"))
    {
        headers.insert(ETAG, weak);
    }
}

/// Why the handler ended without an answer of its own, if it did.
fn interruption_of(response: &ServiceResponse) -> Option<Interruption> {
    let interruption = response.response().error().and_then(|error| error.as_error::<Interruption>());
    interruption.cloned().or_else(|| error_of(response).map(Interruption::Problem))
}

/// The original answer to a retried request.
fn replay(response: ServiceResponse, kept: StoredResponse) -> ServiceResponse {
    let mut again = answer::respond(response.request(), kept);
    again.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    let earlier = response.headers().iter().map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in earlier.collect::<Vec<_>>() {
        if !again.headers().contains_key(&name) {
            again.headers_mut().insert(name, value);
        }
    }
    response.into_response(again)
}

/// The error, if any: the service's own, or the meaning of a bare status set by actix.
fn error_of(response: &ServiceResponse) -> Option<Error> {
    if let Some(error) = response.response().error().and_then(|error| error.as_error::<Error>()) {
        return Some(error.clone());
    }
    if let Some(error) = response.response().error().and_then(|error| error.as_error::<CorsError>()) {
        let fault = FieldProblem::header("Origin", "cors", format!("is not allowed: {error}"));
        return Some(Error::fields(Code::InvalidHeader, vec![fault]));
    }
    let code = match response.status().as_u16() {
        ..400 => return None,
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        408 => Code::RequestTimeout,
        405 => Code::MethodNotAllowed,
        413 => Code::PayloadTooLarge,
        415 => Code::UnsupportedMediaType,
        429 => Code::RateLimited,
        400..500 => return Some(Error::unreadable(Code::MalformedJson, "the server does not support this request")),
        _ => return Some(Error::internal(response.response().error().map(ToString::to_string).unwrap_or_default())),
    };
    Some(Error::plain(code))
}

/// A conflict names the field of the request body that it belongs to.
fn naming_its_field(error: Error, request: &HttpRequest) -> Error {
    let pattern = request.match_pattern().unwrap_or_default();
    let operation = operations::find(request.method().as_str(), &pattern).filter(|_| error.code.status() == StatusCode::CONFLICT);
    match operation {
        Some(operation) => error.naming_its_field(|field| operation.fields.iter().any(|known| known == field)),
        None => error,
    }
}

/// Replaces the answer's body with the problem; the headers set by inner layers stay.
fn render(response: ServiceResponse, error: &Error, requested: &RequestedPath<'_>, origin: &Origin) -> ServiceResponse {
    let (request, answer) = response.into_parts();
    let body = problem(error, requested, origin);
    let mut answer = answer.set_body(BoxBody::new(body));
    *answer.status_mut() = error.code.status();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(CONTENT_DISPOSITION);
    headers.remove(CONTENT_ENCODING);
    let is_patch = *request.method() == Method::PATCH && error.code == Code::UnsupportedMediaType;
    if let (true, Ok(value)) = (is_patch, accept_patch().parse()) {
        answer.headers_mut().insert(ACCEPT_PATCH, value);
    }
    complete_refusal(&mut answer, error.code.status());
    ServiceResponse::new(request, answer)
}

/// What the status of a refusal requires in addition to its body. The connection of a client that is too slow or sends too much
/// is closed.
fn complete_refusal(answer: &mut HttpResponse, status: StatusCode) {
    match status.as_u16() {
        401 => drop(answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        408 | 413 => answer.head_mut().set_connection_type(ConnectionType::Close),
        503 => drop(answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"))),
        _ => {}
    }
}

/// The requested path, and the one below which the client sees it.
struct RequestedPath<'a> {
    public_path: &'a str,
    path: &'a str,
}

fn requested_path<'a>(app: &'a App, path: &'a str) -> RequestedPath<'a> {
    RequestedPath { public_path: app.public_path(), path }
}

fn problem(error: &Error, requested: &RequestedPath<'_>, origin: &Origin) -> String {
    let RequestedPath { public_path, path } = requested;
    let mut problem = error.problem(&format!("{public_path}{path}"), &origin.request_id);
    problem.kind.insert_str(0, public_path);
    serde_json::to_string(&problem).unwrap_or_default()
}

/// The same where the request was dropped with its handler. Its connection is closed, since part of the request may be unread.
fn without_request(error: Error, requested: &RequestedPath<'_>, origin: &Origin) -> actix_web::Error {
    let mut answer = HttpResponse::build(error.code.status());
    answer.insert_header((CONTENT_TYPE, "application/problem+json")).insert_header((CACHE_CONTROL, "no-store"));
    let mut answer = answer.body(problem(&error, requested, origin));
    complete_refusal(&mut answer, error.code.status());
    complete(answer.headers_mut(), origin, true);
    answer.head_mut().set_connection_type(ConnectionType::Close);
    InternalError::from_response(error, answer).into()
}
