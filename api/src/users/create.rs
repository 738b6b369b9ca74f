//! Create a user.

use super::NewUser;
use super::view::CreatedUser;
use crate::credentials::password::rules::NewPassword;
use crate::http::request::throttle::AddressRequest;
use crate::http::{Answer, Anyone, Body, UserManager};
use crate::state::App;
use crate::wire::fields::{EmailAddress, PersonName, PhoneNumber, Username, WorkshopCode, at_most_all};
use crate::wire::{CreateAccountProblems, Error, Interruption, Result, json};
use actix_web::post;
use entity::user::{self, Level, Role, Scope};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for creating a user
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "username": "member7", "email": "member7@example.org", "first_name": "Ada", "last_name": "Moss", "phone_number": null,
    "role": "member", "workshop_code": "WS001", "password": "eleven green bottles"
}))]
pub struct CreateUser {
    /// Stored in lower case; permanently reserved, even after the user is deleted
    #[validate(nested)]
    pub(super) username: Username,
    /// Stored in lower case; must be unique among the users who were not deleted
    #[validate(nested)]
    pub(super) email: EmailAddress,
    #[validate(nested)]
    pub(super) first_name: PersonName,
    #[validate(nested)]
    pub(super) last_name: PersonName,
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    pub(super) phone_number: Option<PhoneNumber>,
    pub(super) role: Role,
    /// Required for technicians, not allowed otherwise
    pub(super) user_level: Option<Level>,
    /// Required for members, not allowed otherwise; stored in upper case
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    pub(super) workshop_code: Option<WorkshopCode>,
    /// For service accounts only
    #[validate(custom(function = "at_most_all"))]
    pub(super) scopes: Option<Vec<Scope>>,
    /// Required for all users but service accounts, for which it is not allowed; must not be the username or one of the most
    /// common passwords
    #[validate(nested)]
    pub(super) password: Option<NewPassword>,
}

impl CreateUser {
    /// Checks the rules that involve several fields.
    pub(super) fn checked(self) -> Result<NewUser> {
        NewUser::new(self)
    }
}

/// Create a user
///
/// Administrators create users of any role, technicians members only. A service account has `scopes` and no password: the
/// response shows its first API key, only once. In the response to a retry the key is null; further keys are managed with
/// their own operations. Email addresses that are taken count as in `PATCH /auth/me`.
#[utoipa::path(
    tag = "users",
    request_body = CreateUser,
    responses(
        (status = CREATED, description = "The new user", body = CreatedUser),
        CreateAccountProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": ["user_created"], "may": [], "denied": entity::audit::Action::UserCreated,
    }))),
)]
#[post("/users")]
pub async fn create_user(app: App, by: UserManager, body: Body<CreateUser>) -> Result<Answer<CreatedUser>, Interruption> {
    let new = body.0.checked()?;
    ensure_may_create(&by, &new)?;
    let hash = match &new.password {
        Some(password) => Some(app.passwords().hash(password).await?),
        None => None,
    };
    let address = AddressRequest::begin(&app, &by, Some(new.email())).await?;
    let (tx, by) = app.begin(&by).await?;
    ensure_may_create(&by, &new)?;
    let tx = address.examine(&app, tx, &by, None).await?;
    let (user, key) = new.create(&tx, hash).await?;
    CreatedUser::committed(tx, user, key, &by).await
}

fn ensure_may_create(by: &Anyone, new: &NewUser) -> Result<()> {
    if user::may_create(by, new.role()) { Ok(()) } else { Err(Error::forbidden()) }
}
