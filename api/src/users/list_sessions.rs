//! List a user's active sessions.

use super::session_view::{SessionDetail, SessionList};
use super::target::{UserPath, UserTarget};
use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, NoParameters, PersonCaller};
use crate::state::App;
use crate::wire::{Error, ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit_log;
use entity::session::{self, Column, Model};
use entity::user::UserAction;
use uuid::Uuid;

/// List a user's sessions
///
/// The sessions that are active now, newest first, with where the user signed in from. Everyone may list their own sessions,
/// technicians those of members, administrators those of all users. Service accounts have no sessions.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: user_viewed`, once per reader, user
/// and hour; reading one's own is not.
#[utoipa::path(
    tag = "users",
    params(UserPath, Paging),
    responses((status = OK, description = "A page of sessions", body = SessionList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/users/{user_id}/sessions")]
pub async fn list_user_sessions(
    app: App,
    by: PersonCaller,
    target: UserTarget,
    query: ListQuery<NoParameters>,
    request: HttpRequest,
) -> Result<Answer<SessionList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let user = target.seen(app.readers(), &by).await?;
    if !UserAction::ManageSessions.permits(&by, &user) {
        return Err(Error::forbidden());
    }
    let found = session::live_of(user.id, app.now());
    let (rows, page) = page.read_newest(app.readers(), found, Column::Id, |row| row.id).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut sign_ins = audit_log::sign_ins(app.readers(), &ids).await?;
    app.record_view_of(&by, &user).await?;
    let shown = |row: Model| {
        let sign_in = sign_ins.remove(&row.id);
        SessionDetail::new(row, sign_in, by.session_id)
    };
    Ok(Answer::page(SessionList { data: rows.into_iter().map(shown).collect(), page }))
}
