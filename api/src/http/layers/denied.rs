//! The audit entry of a refusal: who was denied what.

use crate::http::request::caller::Anyone;
use crate::http::request::operations;
use crate::state::App;
use crate::wire::{Code, Error, Result};
use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{HttpMessage, HttpRequest};
use entity::attempt::{ObjectKind, Subject};
use entity::audit::Event;
use entity::clock::parse_id;
use entity::text;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// The query parameters that name a case and users, the latter in the order in which they are looked for.
const CASE_PARAMETER: &str = "case_id";
const USER_PARAMETERS: [&str; 6] = ["user_id", "member_id", "assigned_to", "related_user_id", "actor_id", "reviewer_id"];
/// How many users of a query are looked for.
const USERS_MAX: usize = 8;

const OBJECT_ID_LENGTH_MAX: usize = 64;

/// Writes the denied entry of an authenticated caller: 403, 404 for an object, hidden or absent alike, a quota that is used up,
/// an attempt that has to wait, or an email address that turns out to be taken.
pub async fn record(app: &App, request: &HttpRequest, error: &Error) -> Result<()> {
    let Some(by) = request.extensions().get::<Anyone>().cloned() else { return Ok(()) };
    let is_about_an_object = request.match_info().iter().next().is_some();
    let is_refusal = error.code.status() == StatusCode::FORBIDDEN
        || error.code == Code::TooManyAttempts
        || error.code == Code::QuotaExceeded
        || (error.code == Code::DuplicateEmail && !by.sees_all_accounts())
        || (error.code == Code::NotFound && is_about_an_object);
    let pattern = request.match_pattern().unwrap_or_default();
    let Some(operation) = operations::find(request.method().as_str(), &pattern).filter(|_| is_refusal) else { return Ok(()) };
    let named = request.match_info().iter().next();
    let object = match named {
        Some((parameter, id)) => (kind(parameter).code(), shown(id)),
        None => ("operation", shown(&operation.id)),
    };
    let subject = match named.and_then(|(parameter, id)| Some((kind(parameter), parse_id(id)?))) {
        Some((kind, id)) => Subject::find(app.readers(), kind, id).await?,
        None => Subject::default(),
    };
    let subject = subject.or(named_in_query(app, request.query_string()).await?);
    let event = Event::denied(operation.denied, &operation.id, error.code.name(), object).regarding(subject);
    app.record_refusal_of(&by, event).await
}

/// What the query names: the first id of a case, and users.
async fn named_in_query(app: &App, query: &str) -> Result<Subject> {
    let given = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
    let ids = |parameter: &str| -> Vec<Uuid> {
        given.iter().filter(|(name, _)| name == parameter).filter_map(|(_, value)| parse_id(value)).collect()
    };
    let users: Vec<Uuid> = USER_PARAMETERS.into_iter().flat_map(ids).take(USERS_MAX).collect();
    Ok(Subject::named(app.readers(), ids(CASE_PARAMETER).first().copied(), users).await?)
}

/// The kind of object that a path parameter names.
fn kind(parameter: &str) -> ObjectKind {
    match parameter {
        "alert_id" => ObjectKind::Alert,
        "case_id" => ObjectKind::Case,
        "document_id" => ObjectKind::Document,
        "entry_id" => ObjectKind::AuditEntry,
        "job_name" => ObjectKind::Job,
        "note_id" => ObjectKind::Note,
        "user_id" => ObjectKind::User,
        _ => ObjectKind::Other,
    }
}

/// A valid id in its canonical spelling. An invalid one as it was sent, as far as an entry has room for it and it is visible:
/// invisible characters are percent-encoded, including NUL, which PostgreSQL doesn't store.
fn shown(id: &str) -> String {
    if let Some(id) = parse_id(id) {
        return id.to_string();
    }
    let spelled = |letter: char| match text::is_invisible(letter) {
        true => utf8_percent_encode(letter.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC).to_string(),
        false => letter.to_string(),
    };
    let spelled: String = text::normalised(id).chars().map(spelled).collect();
    spelled.chars().take(OBJECT_ID_LENGTH_MAX).collect()
}
