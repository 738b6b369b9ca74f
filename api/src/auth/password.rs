//! Change the caller's own password.

use crate::credentials::password::rules::{self, NewPassword};
use crate::http::request::throttle::AttemptBudget;
use crate::http::{Body, PersonCaller, Result};
use crate::state::App;
use crate::wire::fields::LoginPassword;
use crate::wire::{Code, Error, SecretProblems};
use actix_web::{HttpResponse, post};
use entity::audit::Event;
use entity::session;
use entity::user::{self, credential};
use sea_orm::EntityTrait;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for changing one's own password
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "member1-demo-pass", "new_password": "eleven green bottles"}))]
pub struct ChangeOwnPassword {
    #[validate(nested)]
    current_password: LoginPassword,
    /// Must not be the username or one of the most common passwords
    #[validate(nested)]
    new_password: NewPassword,
}

/// Change your own password
///
/// Ends the caller's other sessions; the current one stays active. A wrong current password returns 403, is recorded, and counts
/// like a failed login: further attempts have to wait, 429 `too_many_attempts` until `Retry-After`, whether the password is right
/// or wrong.
#[utoipa::path(
    tag = "auth",
    request_body = ChangeOwnPassword,
    responses((status = NO_CONTENT, description = "The password was changed"), SecretProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["user_updated"], "may": [], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[post("/auth/me/password")]
pub async fn change_own_password(app: App, by: PersonCaller, body: Body<ChangeOwnPassword>) -> Result<HttpResponse> {
    rules::ensure_unlike(&body.new_password, &by.person.username, "/new_password")?;
    let budget = AttemptBudget::of_account(&app, &by.person.username, by.origin())?;
    let _turn = budget.spend(&app, by.context(), None).await?;
    let wrong = || Error::plain(Code::WrongPassword);
    let credential = credential::Entity::find_by_id(by.id()).one(app.readers()).await?;
    let stored = credential.and_then(|credential| credential.password_hash);
    if !app.passwords().verify(&body.current_password, stored.clone()).await? {
        return Err(wrong().into());
    }
    let new = app.passwords().hash(&body.new_password).await?;
    let (tx, by) = app.begin_over(&by, Some(by.id())).await?;
    let user = user::locked(&tx, by.id(), &by).await?;
    if !credential::replace(&tx, user.id, &stored.unwrap_or_default(), new).await? {
        return Err(wrong().into());
    }
    budget.give_back(&tx).await?;
    session::end_others(&tx, user.id, by.session_id).await?;
    tx.record(Event::password_set(&user, "password_changed")).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
