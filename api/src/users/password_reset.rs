//! Set a new password for another user.

use super::target::{UserPath, UserTarget};
use crate::credentials::password::rules::{self, NewPassword};
use crate::http::request::throttle;
use crate::http::{Anyone, Body, IfMatchHeader, UserManager};
use crate::state::App;
use crate::wire::{AccountProblems, Interruption, Result};
use actix_web::{HttpResponse, post};
use entity::audit::Event;
use entity::session;
use entity::user::{self, Role, UserAction, UserRefusal, credential};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for resetting a user's password
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"new_password": "eleven green bottles"}))]
pub struct ResetUserPassword {
    /// Must not be the username or one of the most common passwords
    #[validate(nested)]
    new_password: NewPassword,
}

/// Reset a user's password
///
/// Technicians may reset the passwords of members, administrators those of all users except themselves; one's own password is
/// changed with `POST /auth/me/password`, which requires the current one. Ends the user's sessions, and the waits after failed
/// logins.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = ResetUserPassword,
    responses((status = NO_CONTENT, description = "The password was reset"), AccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["user_updated"], "may": [], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[post("/users/{user_id}/password-reset")]
pub async fn reset_user_password(
    app: App,
    by: UserManager,
    target: UserTarget,
    body: Body<ResetUserPassword>,
) -> Result<HttpResponse, Interruption> {
    let user = target.foreseen(app.readers(), &by, UserAction::ResetPassword).await?;
    rules::ensure_unlike(&body.new_password, &user.username, "/new_password")?;
    ensure_resettable(&user, &by)?;
    let hash = app.passwords().hash(&body.new_password).await?;
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let user = target.locked(&tx, &by, UserAction::ResetPassword).await?;
    ensure_resettable(&user, &by)?;
    credential::set(&tx, user.id, Some(hash)).await?;
    throttle::forget(&app, &tx, &user.username).await?;
    session::end_all(&tx, user.id).await?;
    tx.record(Event::password_set(&user, "password_reset")).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

fn ensure_resettable(user: &user::Model, by: &Anyone) -> Result<()> {
    match user.role {
        _ if user.id == by.id() => Err(UserRefusal::Oneself.into()),
        Role::Service => Err(UserRefusal::NoPassword.into()),
        Role::Member | Role::Technician | Role::Manager | Role::Administrator => Ok(()),
    }
}
