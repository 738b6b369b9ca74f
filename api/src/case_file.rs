//! A case with everything that a view of it shows, in one response.

use crate::cases::CaseDetail;
use crate::documents::DocumentList;
use crate::http::Routes;
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
use serde_json::{Value as Json, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// How many documents and how many notes are shown; more of them are read page by page.
const SHOWN_MAX: u64 = 200;

/// A case with its documents, notes and review steps
#[derive(Serialize, ToSchema)]
#[schema(example = json!(example()))]
pub struct CaseFile {
    pub case: CaseDetail,
    /// The newest 200 documents, as `GET /api/v1/cases/{case_id}/documents` lists them; `next_cursor` continues there
    pub documents: DocumentList,
    /// The newest 200 notes, as `GET /api/v1/cases/{case_id}/notes` lists them; `next_cursor` continues there
    pub notes: CaseNoteList,
    /// Null for members, and for staff whose own case it is
    pub reviews: Option<CaseReviewList>,
}

/// The example of a case, with a document and a note of its member.
fn example() -> Json {
    let case = match CaseDetail::schema() {
        RefOr::T(Schema::Object(case)) => case.example,
        _ => None,
    };
    let member = json!({"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"});
    let this = json!({"id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042"});
    let page = json!({"next_cursor": null, "has_more": false, "limit": SHOWN_MAX, "total": null, "total_is_capped": false});
    let document = json!({
        "id": "01a20725-be30-7584-bca5-f00e655c90da", "document_type": "supporting", "report_number": null,
        "filename": "pay-stub.pdf", "content_type": "application/pdf", "size_bytes": 48_213, "uploaded_by": member,
        "created_at": "2026-11-22T09:15:00.000Z", "allowed_actions": ["download", "delete"], "blocked_actions": []
    });
    let note = json!({
        "id": "01a20725-be30-7584-bca5-f00e655c90d4", "version": 1,
        "case": this, "author": member, "visibility": "shared",
        "body": "The pay stub of October will arrive on Monday.", "created_at": "2026-11-22T08:30:00.123Z",
        "allowed_actions": ["delete"], "blocked_actions": []
    });
    json!({
        "case": case, "documents": {"data": [document], "page": page}, "notes": {"data": [note], "page": page},
        "reviews": {"data": [], "page": page}
    })
}

pub fn configure(routes: &mut impl Routes) {
    routes.service(get_case_file);
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
    let viewed = Event::case_viewed(row.id, &row.case_number);
    let (case, are_views_recorded) = CaseDetail::read(&app, &by, row).await?;
    app.record_view_if(are_views_recorded, &by, viewed).await?;
    Ok(Answer::plain(CaseFile { case, documents, notes, reviews }))
}
