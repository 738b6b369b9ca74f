//! List the audit entries of a case.

use super::filter::{CaseTrailFilter, CaseTrailQuery, TrailFilter};
use super::page::{self, AuditEntryList};
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, Anyone, PathId};
use crate::state::App;
use crate::wire::{LookupProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::audit_log::{LogView, MemberView};
use entity::case;

/// List the audit entries of a case
///
/// Available to every caller who can see the case; of a deleted case, to those who can read the audit log. Newest first or oldest
/// first, 25 per page. `changed_field` with `limit=1` returns the entry that last set a field. The case's member, whatever their
/// role is by now, sees only entries about what is visible to them: no IP addresses, no internal work of the staff, no result
/// before its release. The access is recorded in the audit log; a repeated request by the same caller within 15 minutes is only
/// counted, and the next entry has the number as `folded_count`.
#[utoipa::path(
    tag = "audit-log",
    params(
        ("case_id" = Uuid, Path, description = "The case"),
        TrailFilter,
        CaseTrailFilter,
        PeriodParameters,
        OrderParameters,
        Paging
    ),
    responses((status = OK, description = "The case's entries", body = AuditEntryList), LookupProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/cases/{case_id}/audit-trail")]
pub async fn list_case_audit_trail(
    app: App,
    by: Anyone,
    id: PathId,
    query: CaseTrailQuery,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let given = query.without::<Paging>();
    let (filter, of_case, period, order, paging) = query.parts;
    let page = paging.page_request(&request, &app, &by, 25)?;
    let filter = filter.read(&app, period, page.as_of).await?;
    let id = id.get()?;
    let snapshot = app.snapshot().await?;
    let case = case::traced(&snapshot, id, &by).await?;
    let view = if case.is_kept_from(&by) { Some(MemberView::read(&snapshot, &case, &by, app.now()).await?) } else { None };
    let filter = of_case.restricted_to(id, view.clone(), filter);
    let mut list = page::read(&snapshot, &filter, order.direction(), &page).await?;
    snapshot.commit().await?;
    if let Some(view) = view {
        list.data = list.data.into_iter().map(|entry| entry.as_seen_by_its_member(&view)).collect();
    }
    if page.is_first() {
        let read = Event::audit_log_accessed(LogView::CaseTrail(id), given);
        app.record_reading(&by, read.within(&case)).await?;
    }
    Ok(Answer::page(list))
}
