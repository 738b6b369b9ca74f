//! The entry of a refusal: who was refused what is on record.

use super::caller::Anyone;
use super::{Code, Error, Result, operations, path_id};
use crate::state::App;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use entity::audit::Event;
use entity::{case, text, user};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sea_orm::EntityTrait;
use uuid::Uuid;

const OBJECT_ID_LENGTH_MAX: usize = 64;

/// Writes the denied entry of an authenticated caller: 403, 404 for an object, hidden or absent alike, a quota that is used up, a
/// guess that has to wait, or an e-mail address that turns out to be taken.
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
    let subject = request.match_info().iter().next().and_then(|(name, id)| Some((name, path_id::parse(id)?)));
    let event = Event::denied(operation.attempted, &operation.id, error.code.name(), object);
    let event = naming(app, event, subject).await?;
    app.record_refusal_of(&by, event).await
}

/// The same with the case or the person that the path names, if there is one, so that whoever reads the log of either finds it. What
/// is hidden and what is absent are asked for alike, and the caller learns of neither.
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

/// The thing a path names, `{case_id}` being a case, or else the operation itself.
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

/// An id in its one spelling. What is none stands as it was sent, as far as an entry has room for it and people can see it: what they
/// can't is percent-encoded, also the NUL that PostgreSQL doesn't store.
fn shown(id: &str) -> String {
    if let Some(id) = path_id::parse(id) {
        return id.to_string();
    }
    let spelled = |letter: char| match text::is_invisible(letter) {
        true => utf8_percent_encode(letter.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC).to_string(),
        false => letter.to_string(),
    };
    let spelled: String = text::normalised(id).chars().map(spelled).collect();
    spelled.chars().take(OBJECT_ID_LENGTH_MAX).collect()
}
