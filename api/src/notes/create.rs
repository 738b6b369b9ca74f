//! Create a note about a case.

use super::CaseNote;
use crate::http::{Answer, Body, PathId, PersonCaller, Result};
use crate::state::App;
use crate::wire::fields::NoteBody;
use crate::wire::{AdditionProblems, Error};
use actix_web::post;
use entity::case::{self, CaseAction, Circumstances};
use entity::note::{self, Visibility};
use entity::user::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for creating a note about a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "The pay stub of October will arrive on Monday.", "visibility": "shared"}))]
pub struct CreateNote {
    #[validate(nested)]
    body: NoteBody,
    /// A member's comments must be `shared`
    visibility: Visibility,
}

/// Create a note about a case
///
/// Allowed for every caller who can see the case. Staff can read all notes, the case's member those that are `shared`. A member's
/// comment sets `has_member_updates`. The text itself is not copied to the audit log.
#[utoipa::path(
    tag = "notes",
    params(("case_id" = Uuid, Path, description = "The case")),
    request_body = CreateNote,
    responses((status = CREATED, description = "The new note", body = CaseNote), AdditionProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["note_added", "member_comment_added"], "denied": entity::audit::Action::NoteAdded,
    }))),
)]
#[post("/cases/{case_id}/notes")]
pub async fn create_case_note(app: App, by: PersonCaller, id: PathId, body: Body<CreateNote>) -> Result<Answer<CaseNote>> {
    let is_member = by.role() == Role::Member;
    if is_member && body.visibility == Visibility::Internal {
        return Err(Error::forbidden().into());
    }
    let id = id.get()?;
    let (tx, by) = app.begin(&by).await?;
    let case = case::locked(&tx, id, &by).await?;
    CaseAction::Comment.ensure_open(&by, &case, &Circumstances::at(tx.now()))?;
    let note = tx.save(note::write(tx.new_id(), &case, by.id(), body.visibility, &body.body)).await?;
    let (location, version) = (format!("/api/v1/notes/{}", note.id), note.version);
    let people = tx.people([note.author_id].into_iter()).await?;
    Answer::new(CaseNote::new(note, &people, &case, &by), version).created(location).committed(tx, &by).await
}
