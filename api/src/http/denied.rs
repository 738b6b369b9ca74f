//! The entry of a refusal: who was refused what is on record.

use super::caller::Anyone;
use super::{Code, Error, Result, operations};
use crate::state::App;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use entity::audit::{Actor, Event};

/// Writes the denied entry of an authenticated caller: 403, or 404 for an object, hidden or absent alike.
pub async fn record(app: &App, request: &HttpRequest, error: &Error) -> Result<()> {
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
        Some(("note_id", id)) => ("note", short(id)),
        Some(("document_id", id)) => ("document", short(id)),
        Some(("alert_id", id)) => ("alert", short(id)),
        Some(("entry_id", id)) => ("audit_entry", short(id)),
        Some(("job_name", name)) => ("job", short(name)),
        Some((_, id)) => ("object", short(id)),
        None => ("operation", short(operation_id)),
    }
}
