//! Create a user.

use super::NewUser;
use super::view::CreatedUser;
use crate::credentials::password::rules;
use crate::http::request::throttle::AddressRequest;
use crate::http::{Answer, Anyone, Body, UserManager};
use crate::state::App;
use crate::wire::{CreateAccountProblems, Error, Interruption, Result, check};
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
    #[validate(length(min = 3, max = 64), custom(function = "check::username"))]
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub(super) username: String,
    /// Stored in lower case; must be unique
    #[validate(length(min = 3, max = 254), email)]
    #[schema(min_length = 3, max_length = 254, format = Email)]
    pub(super) email: String,
    #[validate(length(min = 1, max = 128), custom(function = "check::displayable"))]
    #[schema(min_length = 1, max_length = 128, pattern = "displayable")]
    pub(super) first_name: String,
    #[validate(length(min = 1, max = 128), custom(function = "check::displayable"))]
    #[schema(min_length = 1, max_length = 128, pattern = "displayable")]
    pub(super) last_name: String,
    #[validate(length(min = 1, max = 20), custom(function = "check::displayable"))]
    #[schema(min_length = 1, max_length = 20, pattern = "displayable")]
    pub(super) phone_number: Option<String>,
    pub(super) role: Role,
    /// Required for technicians, not allowed otherwise
    pub(super) user_level: Option<Level>,
    /// Required for members, not allowed otherwise; stored in upper case
    #[validate(length(min = 2, max = 50), custom(function = "check::workshop_code"))]
    #[schema(min_length = 2, max_length = 50, pattern = "displayable")]
    pub(super) workshop_code: Option<String>,
    /// For service accounts only
    #[validate(length(max = 3))]
    #[schema(max_items = 3)]
    pub(super) scopes: Option<Vec<Scope>>,
    /// Required for all users but service accounts, for which it is not allowed; must not be the username or one of the most
    /// common passwords
    #[validate(length(min = 10, max = 128), custom(function = "rules::uncommon"))]
    #[schema(min_length = 10, max_length = 128, format = Password)]
    pub(super) password: Option<String>,
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
