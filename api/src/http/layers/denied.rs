//! The audit entry of a refusal: who was denied what.

use crate::http::request::caller::Anyone;
use crate::http::request::operations;
use crate::state::App;
use crate::wire::{Code, Error, Result};
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use entity::audit::Event;
use entity::clock::parse_id;
use entity::{case, text, user};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sea_orm::EntityTrait;
use uuid::Uuid;

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
    let object = object_of(request, &operation.id);
    let subject = request.match_info().iter().next().and_then(|(name, id)| Some((name, parse_id(id)?)));
    let event = Event::denied(operation.denied, &operation.id, error.code.name(), object);
    let event = naming(app, event, subject).await?;
    app.record_refusal_of(&by, event).await
}

/// Adds the case or the user named in the path, if it exists, so that readers of its log find the entry. Hidden and absent
/// objects are queried in the same way, and the caller can't distinguish them.
async fn naming(app: &App, event: Event, subject: Option<(&str, Uuid)>) -> Result<Event> {
    match subject {
        Some(("case_id", id)) => {
            let case = case::Entity::find_by_id(id).one(app.readers()).await?;
            Ok(match case {
                Some(case) => event.within(&case),
                None => event,
            })
        }
        Some(("user_id", id)) => {
            let person = user::people(app.readers(), vec![id]).await?;
            Ok(event.about(person.first()))
        }
        Some(_) | None => Ok(event),
    }
}

/// The object named in the path, such as a case for `{case_id}`, or else the operation itself.
fn object_of(request: &HttpRequest, operation_id: &str) -> (&'static str, String) {
    match request.match_info().iter().next() {
        Some(("case_id", id)) => ("case", shown(id)),
        Some(("user_id", id)) => ("user", shown(id)),
        Some(("note_id", id)) => ("note", shown(id)),
        Some(("document_id", id)) => ("document", shown(id)),
        Some(("alert_id", id)) => ("alert", shown(id)),
        Some(("entry_id", id)) => ("audit_entry", shown(id)),
        Some(("job_name", name)) => ("job", shown(name)),
        Some((_, id)) => ("object", shown(id)),
        None => ("operation", shown(operation_id)),
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
