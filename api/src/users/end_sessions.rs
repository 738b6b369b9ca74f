//! End all sessions of a user.

use super::target::{UserPath, UserTarget};
use crate::http::{IfMatchHeader, PersonCaller, Result};
use crate::state::App;
use crate::wire::RemovalProblems;
use actix_web::{HttpResponse, delete};
use entity::audit::Event;
use entity::session;
use entity::user::{Person, UserAction};
use sea_orm::QueryOrder;

/// End all sessions of a user
///
/// The user is signed out everywhere: access and refresh tokens of all sessions are refused from the next request on, including
/// those of the caller's own session. Everyone may end their own sessions, technicians those of members, administrators those of
/// all users. Each active session leaves a `logout` entry whose actor is the caller; without an active one, nothing is changed.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The user has no active session"), RemovalProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["logout"], "denied": entity::audit::Action::Logout}))),
)]
#[delete("/users/{user_id}/sessions")]
pub async fn end_user_sessions(app: App, by: PersonCaller, target: UserTarget) -> Result<HttpResponse> {
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let user = target.locked(&tx, &by, UserAction::ManageSessions).await?;
    let live = session::live_of(user.id, tx.now()).order_by_asc(session::Column::Id).all(&tx).await?;
    session::end_all(&tx, user.id).await?;
    let owner = Person::new(&user);
    let ended = |session| Event::session_ended(&owner, session, by.id(), tx.now());
    tx.record_many(live.iter().map(ended).collect()).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
