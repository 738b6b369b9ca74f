//! A case with everything that a view of it shows, in one response.

use crate::cases::CaseDetail;
use crate::documents::DocumentList;
use crate::http::request::page::PageRequest;
use crate::http::{Answer, CasePath, PathId, PersonCaller};
use crate::notes::CaseNoteList;
use crate::reviews::CaseReviewList;
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::get;
use entity::audit::Event;
use entity::case;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// How many documents and how many notes are shown; more of them are read page by page.
const SHOWN_MAX: u64 = 200;

/// A case with its documents, notes and review steps
#[derive(Serialize, ToSchema)]
pub struct CaseFile {
    pub case: CaseDetail,
    /// The newest 200 documents, as `GET /api/v1/cases/{case_id}/documents` lists them; `next_cursor` continues there
    pub documents: DocumentList,
    /// The newest 200 notes, as `GET /api/v1/cases/{case_id}/notes` lists them; `next_cursor` continues there
    pub notes: CaseNoteList,
    /// Null for members, and for staff whose own case it is
    pub reviews: Option<CaseReviewList>,
}

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_case_file);
}

/// Get a case with its documents, notes and review steps
///
/// What the separate operations return, in one response: for a page that shows a case. It has no `ETag`, since it changes with
/// each of its parts; a change of the case takes `If-Match` with the case's `version` in quotation marks.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: case_viewed`, once per reader, case
/// and hour.
#[utoipa::path(
    tag = "cases",
    params(CasePath),
    responses((status = OK, description = "The case with what belongs to it", body = CaseFile), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/cases/{case_id}/file")]
pub async fn get_case_file(app: App, by: PersonCaller, id: PathId) -> Result<Answer<CaseFile>> {
    let row = case::seen(app.readers(), id.get()?, &by).await?;
    let page = |list| PageRequest::first(&format!("/api/v1/cases/{}/{list}", row.id), &app, &by, SHOWN_MAX);
    let documents = DocumentList::read(&app, &by, &row, &[], &page("documents")).await?;
    let notes = CaseNoteList::read(&app, &by, &row, &page("notes")).await?;
    let reviews = CaseReviewList::read_if_shown(&app, &by, &row).await?;
    app.record_view(&by, Event::case_viewed(row.id, &row.case_number)).await?;
    let case = CaseDetail::read(&app, &by, row).await?;
    Ok(Answer::plain(CaseFile { case, documents, notes, reviews }))
}
