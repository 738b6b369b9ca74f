//! Get a note.

use super::{CaseNote, NotePath, NoteTarget};
use crate::http::{Answer, IfNoneMatch, IfNoneMatchHeader, PersonCaller};
use crate::state::App;
use crate::wire::{Error, ReadProblems, Result};
use actix_web::get;
use entity::{note, user};
use sea_orm::{ColumnTrait, QueryFilter};

/// Get a note
///
/// Returns 404 for a deleted note. Members can get only notes that are `shared`.
#[utoipa::path(
    tag = "notes",
    params(NotePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The note", body = CaseNote),
        (status = NOT_MODIFIED, description = "The caller already has this version"),
        ReadProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("routine reads are not audited; denied attempts are")),
    ),
)]
#[get("/notes/{note_id}")]
pub async fn get_note(app: App, by: PersonCaller, target: NoteTarget, _: IfNoneMatch) -> Result<Answer<CaseNote>> {
    let visible = note::visible_to(&by).filter(note::Column::Id.eq(target.id()?));
    let note = visible.one(app.readers()).await?.ok_or_else(Error::not_found)?;
    let people = user::people(app.readers(), vec![note.author_id]).await?;
    let people = people.into_iter().map(|person| (person.id, person)).collect();
    let version = note.version;
    Ok(Answer::new(CaseNote::new(note, &people), version))
}
