//! Delete a document.

use super::target::{DocumentPath, DocumentTarget};
use crate::http::{PersonCaller, Query, Result};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{DeleteProblems, Error};
use actix_web::{HttpResponse, delete};
use entity::case;
use entity::document::{self, DocumentAction};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// Query parameters for deleting a document
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct DeleteDocument {
    /// Reason for the deletion
    #[validate(nested)]
    #[param(inline, nullable = false, example = "uploaded twice")]
    reason: Option<Reason>,
}

/// Delete a document
///
/// Allowed for the user who uploaded it, as long as they may still add documents to the case, and for managers and
/// administrators; for reports also for the assigned technician. Reports can be deleted while the case is `accepted`, `hold` or
/// `pending_review`. The document is kept but is no longer visible to anyone; its audit entries remain.
#[utoipa::path(
    tag = "documents",
    params(DocumentPath, DeleteDocument),
    responses((status = NO_CONTENT, description = "The document was deleted"), DeleteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["document_deleted"], "may": [], "denied": entity::audit::Action::DocumentDeleted,
    }))),
)]
#[delete("/documents/{document_id}")]
pub async fn delete_document(
    app: App,
    by: PersonCaller,
    target: DocumentTarget,
    query: Query<DeleteDocument>,
) -> Result<HttpResponse> {
    let seen = target.seen(&app, &by).await?;
    let (tx, by) = app.begin(&by).await?;
    let tx = tx.with_reason_if(query.reason.as_deref());
    // The case is locked first, as when adding a document, so that the two operations never wait for each other.
    let case = case::locked(&tx, seen.case_id, &by).await?;
    let visible = document::visible_to(&by, tx.now()).filter(document::Column::Id.eq(seen.id));
    let document = tx.lock(visible).await?.ok_or_else(Error::not_found)?;
    DocumentAction::Delete.ensure_open(&by, &case, &document)?;
    tx.save(document.delete(&case, tx.now())?).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
