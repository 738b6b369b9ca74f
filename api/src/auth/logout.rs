//! Log out.

use super::refresh_token::PresentedToken;
use crate::http::request::origin::Origin;
use crate::http::{NoParameters, Query, SmallBody};
use crate::state::App;
use crate::wire::fields::RefreshToken;
use crate::wire::{Result, SessionProblems};
use actix_web::{HttpResponse, post};
use entity::audit::{Actor, Event};
use entity::session;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for logging out, with the session's last refresh token
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk"}))]
pub struct Logout {
    #[validate(nested)]
    refresh_token: RefreshToken,
}

/// Log out
///
/// Ends the session; its access tokens are refused from the next request on. Logging out of a session that has ended changes
/// nothing and leaves no entry.
#[utoipa::path(
    tag = "auth",
    security(()),
    request_body = Logout,
    responses((status = NO_CONTENT, description = "The session has ended"), SessionProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["logout"], "denied": entity::audit::Action::Logout}))),
)]
#[post("/auth/logout")]
pub async fn logout(app: App, origin: Origin, _: Query<NoParameters>, body: SmallBody<Logout>) -> Result<HttpResponse> {
    let presented = PresentedToken::find(&app, &origin, &body.refresh_token).await?;
    let session = presented.session();
    if session.revoked_at.is_none() && presented.is_reused(&app).await? {
        // Not the session's last token: presented by a thief, or by its owner after a theft, as in a refresh.
        return Err(presented.reused(&app, &origin).await?);
    }
    let person = presented.person(&app).await?;
    let tx = app.begin_as_over(person.id, origin.context(Actor::Person(person.clone()))).await?;
    if session::end(&tx, person.id, session.id).await? {
        let lasted = (tx.now() - session.started_at).num_seconds();
        tx.record(Event::logout(&person, session.id, lasted)).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
