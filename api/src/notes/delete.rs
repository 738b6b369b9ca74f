//! Take a note away.

use super::{NotePath, NoteTarget};
use crate::http::{Human, IfMatchHeader, RemovalProblems, Result};
use crate::state::App;
use actix_web::{HttpResponse, delete};

/// Take a note away
///
/// Its author may, and managers and administrators. Nobody reads it any more; its entries stay.
#[utoipa::path(
    tag = "notes",
    params(NotePath, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The note is gone"), RemovalProblems),
    extensions(("x-audit-actions" = json!({"always": ["note_deleted"], "may": []}))),
)]
#[delete("/notes/{note_id}")]
pub async fn delete_note(app: App, by: Human, target: NoteTarget) -> Result<HttpResponse> {
    let (tx, by) = app.begin(&by).await?;
    let note = target.locked(&tx, &by).await?;
    // The entry names its author.
    tx.people([note.author_id].into_iter()).await?;
    tx.save(note.delete(tx.now())).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
