//! List what happened to a case.

use super::filter::TrailFilter;
use super::page::{self, AuditEntryList};
use crate::http::page::Paging;
use crate::http::{Answer, Anyone, AuditEntry, ListQuery, LookupProblems, PathId, Result};
use crate::state::App;
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::case;
use entity::trail::{Filter, MemberView};
use entity::user::Role;

/// List a case's audit trail
///
/// Who sees the case sees its trail, the newest entry first, 25 a page. Its member sees what was done to what he sees of the
/// case: no addresses, no work of the desk, no result before its release. The reading is recorded.
#[utoipa::path(
    tag = "audit-log",
    params(("case_id" = Uuid, Path, description = "The case"), TrailFilter, Paging),
    responses((status = OK, description = "The case's entries", body = AuditEntryList), LookupProblems),
    extensions(("x-audit-actions" = json!({"always": ["audit_log_accessed"], "may": []}))),
)]
#[get("/cases/{case_id}/audit-trail")]
pub async fn list_case_audit_trail(
    app: App,
    by: Anyone,
    id: PathId,
    query: ListQuery<TrailFilter>,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let page = query.paging.of(&request, &app, &by, 25)?;
    let filter = query.filter.read(&app).await?;
    let id = id.get()?;
    let snapshot = app.snapshot().await?;
    let case = case::seen(&snapshot, id, &by).await?;
    let is_member = by.role() == Role::Member;
    let view = if is_member { Some(MemberView::read(&snapshot, &case, &by, app.now()).await?) } else { None };
    let filter = Filter { case_id: Some(id), as_member: view, ..filter };
    let mut list = page::read(&snapshot, &filter, &page).await?;
    snapshot.commit().await?;
    if is_member {
        list.data = list.data.into_iter().map(AuditEntry::as_seen_by_its_member).collect();
    }
    if page.is_first() {
        let read = Event::audit_log_accessed("case_trail", ("case", id.to_string()), query.given);
        app.record(&by, read.within(&case)).await?;
    }
    Ok(Answer::plain(list))
}
