//! List the caller's own activity.

use super::filter::{EntryQuery, TrailFilter};
use super::page::{self, AuditEntryList};
use crate::http::request::order::OrderParameters;
use crate::http::request::page::Paging;
use crate::http::request::period::PeriodParameters;
use crate::http::{Answer, AuditEntry, PersonCaller};
use crate::state::App;
use crate::wire::{Error, ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit::{Audited, Outcome};
use entity::audit_log::{Filter, MemberView};
use entity::case;
use entity::setting;
use entity::user::Role;
use uuid::Uuid;

/// List the caller's own activity
///
/// Returns the entries of which the caller is the actor, newest first or oldest first, 50 per page. Refused if the setting
/// `own_activity_enabled` is off.
#[utoipa::path(
    tag = "audit-log",
    params(TrailFilter, PeriodParameters, OrderParameters, Paging),
    responses((status = OK, description = "The caller's entries", body = AuditEntryList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading one's own activity is not audited")),
    ),
)]
#[get("/auth/me/activity")]
pub async fn list_own_activity(
    app: App,
    by: PersonCaller,
    query: EntryQuery<TrailFilter>,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let (filter, period, order, paging) = query.parts;
    let page = paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let filter = filter.read(&app, period, page.as_of).await?;
    if !setting::current(app.readers()).await?.own_activity_enabled {
        return Err(Error::forbidden());
    }
    let own = Filter { actor_id: Some(by.id()), ..filter };
    let mut list = page::read_log(&app, &own, order.direction(), &page).await?;
    list.data.iter_mut().for_each(|entry| hide_what_was_refused(entry, by.id()));
    if by.role() == Role::Member {
        list.data.iter_mut().for_each(|entry| entry.sequence = None);
        // A member's resubmission clears the review block, and the entry contains what was cleared.
        for entry in list.data.iter_mut().filter(|entry| entry.object_type == case::Entity::OBJECT) {
            entry.changes.retain(|field, _| MemberView::ever_shows_field(field));
        }
    }
    Ok(Answer::page(list))
}

/// An entry of a denied attempt names what its object belongs to, for readers of the log. The refused caller must not learn from
/// it that the object exists.
fn hide_what_was_refused(entry: &mut AuditEntry, own_id: Uuid) {
    if entry.outcome == Outcome::Denied {
        entry.case = None;
        entry.document = None;
        entry.related_user = entry.related_user.take().filter(|person| person.id == own_id);
    }
}
