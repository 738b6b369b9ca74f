//! The outermost layer: gives each request its id, each error its problem, and each refusal its entry.

use super::caller::Anyone;
use super::origin::Origin;
use super::{Code, Error, Result, operations};
use crate::state::App;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::uri::{PathAndQuery, Uri};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use entity::audit::{Actor, Event};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = App::of(request.request())?;
    let origin = Origin::read(&request, &app);
    request.extensions_mut().insert(origin.clone());
    ignore_trailing_slash(&mut request);
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(mut error) = error_of(&response) {
        if let Err(unrecorded) = record_refusal(&app, response.request(), &error).await {
            error = unrecorded;
        }
        response = render(response, &error, &origin);
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(&origin.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    Ok(response)
}

/// What went wrong, if something did: our own error, or what a bare status of actix means.
fn error_of(response: &ServiceResponse) -> Option<Error> {
    if let Some(error) = response.response().error().and_then(|error| error.as_error::<Error>()) {
        return Some(error.again());
    }
    let code = match response.status().as_u16() {
        ..400 => return None,
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        413 => Code::PayloadTooLarge,
        415 => Code::UnsupportedMediaType,
        400..500 => Code::MalformedJson,
        _ => return Some(Error::internal(response.response().error().map(ToString::to_string).unwrap_or_default())),
    };
    Some(Error::plain(code))
}

fn render(response: ServiceResponse, error: &Error, origin: &Origin) -> ServiceResponse {
    let problem = error.problem(response.request().path(), &origin.request_id);
    let mut answer = HttpResponse::build(error.code.status());
    answer.insert_header((CONTENT_TYPE, "application/problem+json")).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(allowed) = response.headers().get(ALLOW) {
        answer.insert_header((ALLOW, allowed.clone()));
    }
    match error.code.status().as_u16() {
        401 => drop(answer.insert_header((WWW_AUTHENTICATE, "Bearer"))),
        503 => drop(answer.insert_header((RETRY_AFTER, "1"))),
        _ => {}
    }
    let body = serde_json::to_string(&problem).unwrap_or_default();
    response.into_response(answer.body(body))
}

/// Writes the denied entry of an authenticated caller: 403, or 404 for an object, hidden or absent alike.
async fn record_refusal(app: &App, request: &HttpRequest, error: &Error) -> Result<()> {
    let Some(by) = request.extensions().get::<Anyone>().cloned() else { return Ok(()) };
    let is_about_an_object = request.match_info().iter().next().is_some();
    let is_refusal = error.code.status() == StatusCode::FORBIDDEN || (error.code == Code::NotFound && is_about_an_object);
    let pattern = request.match_pattern().unwrap_or_default();
    let Some(operation) = operations::find(request.method().as_str(), &pattern).filter(|_| is_refusal) else { return Ok(()) };
    let event = Event::denied(operation.attempted, &operation.id, error.code.name(), object_of(request, &operation.id));
    app.record_refusal(by.origin().context(Actor::Person(by.person.clone())), event).await
}

/// The thing a path names, `{case_id}` being a case, or else the operation itself.
fn object_of(request: &HttpRequest, operation_id: &str) -> (&'static str, String) {
    let short = |text: &str| text.chars().take(64).collect();
    match request.match_info().iter().next() {
        Some(("case_id", id)) => ("case", short(id)),
        Some(("user_id", id)) => ("user", short(id)),
        Some(("entry_id", id)) => ("audit_entry", short(id)),
        Some((_, id)) => ("object", short(id)),
        None => ("operation", short(operation_id)),
    }
}

/// `/api/v1/cases/` is `/api/v1/cases`.
fn ignore_trailing_slash(request: &mut ServiceRequest) {
    let trimmed = request.path().trim_end_matches('/');
    if trimmed.len() == request.path().len() || !trimmed.starts_with("/api/") {
        return;
    }
    let query = request.query_string();
    let text = if query.is_empty() { trimmed.to_owned() } else { format!("{trimmed}?{query}") };
    let mut parts = request.head().uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(text).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}
