//! Delete a note.

use super::{NotePath, NoteTarget};
use crate::http::{IfMatchHeader, PersonCaller, Result};
use crate::state::App;
use crate::wire::RemovalProblems;
use actix_web::{HttpResponse, delete};

/// Delete a note
///
/// Allowed for its author, managers and administrators. The note is no longer visible to anyone; its audit entries remain.
#[utoipa::path(
    tag = "notes",
    params(NotePath, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The note was deleted"), RemovalProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["note_deleted"], "may": [], "denied": entity::audit::Action::NoteDeleted,
    }))),
)]
#[delete("/notes/{note_id}")]
pub async fn delete_note(app: App, by: PersonCaller, target: NoteTarget) -> Result<HttpResponse> {
    let (tx, by) = app.begin(&by).await?;
    let note = target.locked(&tx, &by).await?;
    // The audit entry names the note's author.
    tx.people([note.author_id].into_iter()).await?;
    tx.save(note.delete(tx.now())).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
