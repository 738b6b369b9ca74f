//! List the audit entries of a user.

use super::filter::{TrailFilter, UserTrailFilter, UserTrailQuery};
use super::page::{self, AuditEntryList};
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, AuditReader, PathId};
use crate::state::App;
use crate::wire::{Error, ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::audit_log::LogView;
use entity::user;

/// List the audit entries of a user
///
/// Returns the entries of which the user is the actor or the related user, or with `as` only one of these, newest first or
/// oldest first, 50 per page; also available for deleted users. The access is recorded in the audit log; a repeated request by
/// the same caller within 15 minutes is only counted, and the next entry has the number as `folded_count`.
#[utoipa::path(
    tag = "audit-log",
    params(
        ("user_id" = Uuid, Path, description = "The user"),
        TrailFilter,
        UserTrailFilter,
        PeriodParameters,
        OrderParameters,
        Paging
    ),
    responses((status = OK, description = "The user's entries", body = AuditEntryList), ReadProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/users/{user_id}/audit-trail")]
pub async fn list_user_audit_trail(
    app: App,
    by: AuditReader,
    id: PathId,
    query: UserTrailQuery,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let given = query.without::<Paging>();
    let (filter, of_user, period, order, paging) = query.parts;
    let page = paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let filter = filter.read(&app, period, page.as_of).await?;
    let id = id.get()?;
    let person = user::people(app.readers(), vec![id]).await?.pop().ok_or_else(Error::not_found)?;
    let list = page::read_log(&app, &of_user.restricted_to(id, filter), order.direction(), &page).await?;
    if page.is_first() {
        let read = Event::audit_log_accessed(LogView::UserTrail(id), given);
        app.record_reading(&by, read.about(Some(&person))).await?;
    }
    Ok(Answer::page(list))
}
