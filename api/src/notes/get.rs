//! Get a note.

use super::{CaseNote, NotePath, NoteTarget};
use crate::http::{Answer, IfNoneMatch, IfNoneMatchHeader, PersonCaller};
use crate::state::App;
use crate::wire::{Error, ReadProblems, Result};
use actix_web::get;
use entity::audit::Event;
use entity::{case, note, user};
use sea_orm::{ColumnTrait, QueryFilter};

/// Get a note
///
/// Returns 404 for a deleted note. Members can get only notes that are `shared`.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: case_viewed`, once per reader, case
/// and hour.
#[utoipa::path(
    tag = "notes",
    params(NotePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The note", body = CaseNote),
        (status = NOT_MODIFIED, description = "The caller already has this version"),
        ReadProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/notes/{note_id}")]
pub async fn get_note(app: App, by: PersonCaller, target: NoteTarget, _: IfNoneMatch) -> Result<Answer<CaseNote>> {
    let visible = note::visible_to(&by).filter(note::Column::Id.eq(target.id()?));
    let note = visible.one(app.readers()).await?.ok_or_else(Error::not_found)?;
    let case = case::seen(app.readers(), note.case_id, &by).await?;
    let people = user::people_by_id(app.readers(), [note.author_id]).await?;
    let version = note.version;
    app.record_view(&by, Event::case_viewed(note.case_id, &note.case_number)).await?;
    Ok(Answer::new(CaseNote::new(note, &people, &case, &by), version))
}
