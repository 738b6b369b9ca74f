//! Get a document.

use super::DocumentDetail;
use super::target::{DocumentPath, DocumentTarget};
use crate::http::{Answer, PersonCaller};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::get;
use entity::audit::Event;
use entity::case;

/// Get a document
///
/// Returns the document's metadata, without its bytes. The access is recorded in the audit log.
#[utoipa::path(
    tag = "documents",
    params(DocumentPath),
    responses((status = OK, description = "The document", body = DocumentDetail), ReadProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["document_viewed"], "may": [], "denied": entity::audit::Action::DocumentViewed,
    }))),
)]
#[get("/documents/{document_id}")]
pub async fn get_document(app: App, by: PersonCaller, target: DocumentTarget) -> Result<Answer<DocumentDetail>> {
    let document = target.seen(&app, &by).await?;
    let look = Event::document_viewed(&document);
    let case = case::seen(app.readers(), document.case_id, &by).await?;
    let view = DocumentDetail::read(app.readers(), document, &case, &by).await?;
    app.record(&by, look).await?;
    Ok(Answer::plain(view))
}
