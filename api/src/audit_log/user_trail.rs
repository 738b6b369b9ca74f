//! List what somebody did and what was done to him.

use super::filter::TrailFilter;
use super::page::{self, AuditEntryList};
use crate::http::page::Paging;
use crate::http::{Answer, AuditReader, Error, ListQuery, PathId, ReadProblems, Result};
use crate::state::App;
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::trail::Filter;
use entity::user;

/// List a user's audit trail
///
/// The entries of which he is the actor or the related user, the newest first, 50 a page; also of a user who was deleted. The
/// reading is recorded.
#[utoipa::path(
    tag = "audit-log",
    params(("user_id" = Uuid, Path, description = "The user"), TrailFilter, Paging),
    responses((status = OK, description = "The user's entries", body = AuditEntryList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": ["audit_log_accessed"], "may": []}))),
)]
#[get("/users/{user_id}/audit-trail")]
pub async fn list_user_audit_trail(
    app: App,
    by: AuditReader,
    id: PathId,
    query: ListQuery<TrailFilter>,
    request: HttpRequest,
) -> Result<Answer<AuditEntryList>> {
    let page = query.paging.of(&request, &app, &by, 50)?;
    let filter = query.filter.read(&app).await?;
    let id = id.get()?;
    let snapshot = app.snapshot().await?;
    let person = user::people(&snapshot, vec![id]).await?.pop().ok_or_else(Error::not_found)?;
    let list = page::read(&snapshot, &Filter { person_id: Some(id), ..filter }, &page).await?;
    snapshot.commit().await?;
    if page.is_first() {
        let read = Event::audit_log_accessed("user_trail", ("user", id.to_string()), query.given);
        app.record(&by, read.about(Some(&person))).await?;
    }
    Ok(Answer::plain(list))
}
