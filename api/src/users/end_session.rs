//! End one session of a user.

use super::session_view::SessionPath;
use super::target::UserTarget;
use crate::http::request::caller::{Admitted, admitted};
use crate::http::request::path_id;
use crate::http::{IfMatchHeader, PersonCaller, Result};
use crate::state::App;
use crate::wire::{Error, RemovalProblems};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete};
use entity::audit::Event;
use entity::session::{self, Column, Entity};
use entity::user::{Person, UserAction};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// The session in a path. A value that isn't a UUID matches none.
pub struct SessionTarget(Option<Uuid>);

/// End a session of a user
///
/// Its access and refresh tokens are refused from the next request on; the user's other sessions stay active. Everyone may end
/// their own sessions, technicians those of members, administrators those of all users. The session leaves a `logout` entry whose
/// actor is the caller; ending a session that has ended changes nothing and leaves no entry.
#[utoipa::path(
    tag = "users",
    params(SessionPath, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The session has ended"), RemovalProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["logout"], "denied": entity::audit::Action::Logout}))),
)]
#[delete("/users/{user_id}/sessions/{session_id}")]
pub async fn end_user_session(app: App, by: PersonCaller, target: UserTarget, session: SessionTarget) -> Result<HttpResponse> {
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let user = target.locked(&tx, &by, UserAction::ManageSessions).await?;
    let id = session.0.ok_or_else(Error::not_found)?;
    let session = Entity::find_by_id(id).filter(Column::UserId.eq(user.id)).one(&tx).await?.ok_or_else(Error::not_found)?;
    if session.is_live(tx.now()) && session::end(&tx, user.id, id).await? {
        tx.record(Event::session_ended(&Person::new(&user), &session, by.id(), tx.now())).await?;
    }
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromRequest for SessionTarget {
    type Error = Error;
    type Future = Admitted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = path_id::named(request, "session_id");
        admitted(request, Ok(Self(id)))
    }
}
