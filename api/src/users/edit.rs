//! Edit a user's profile.

use super::target::{UserPath, UserTarget};
use crate::http::request::throttle::AddressRequest;
use crate::http::{Answer, Body, IfMatchHeader, PersonCaller, Result, UserDetail};
use crate::state::App;
use crate::wire::fields::{EmailAddress, PersonName, PhoneNumber, WorkshopCode};
use crate::wire::{AddressProblems, json};
use actix_web::patch;
use entity::user::lifecycle::ProfileChange;
use entity::user::{self, UserAction};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for editing a user's profile; omitted fields stay unchanged
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"first_name": "Mia", "email": "mia.chen@example.org", "phone_number": "312-555-0142"}))]
pub struct EditUser {
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    first_name: Option<PersonName>,
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    last_name: Option<PersonName>,
    /// Stored in lower case; must be unique among the users who were not deleted
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    email: Option<EmailAddress>,
    /// Null removes the phone number
    #[serde(default, deserialize_with = "json::patch")]
    #[validate(nested)]
    phone_number: Option<Option<PhoneNumber>>,
    /// Required for members, not allowed for other roles; stored in upper case
    #[serde(default, deserialize_with = "json::patch")]
    #[validate(nested)]
    workshop_code: Option<Option<WorkshopCode>>,
}

/// Edit a user's profile
///
/// Users may edit their own profile, technicians those of members, administrators all. Leaves one entry, however many fields
/// change: `member_profile_updated` for a member, `user_updated` for all other roles. A request that changes nothing leaves none.
/// Role and level have an operation of their own. Email addresses that are taken count as in `PATCH /auth/me`.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = EditUser,
    responses((status = OK, description = "The updated user", body = UserDetail), AddressProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["member_profile_updated", "user_updated"], "denied": entity::audit::Action::MemberProfileUpdated,
    }))),
)]
#[patch("/users/{user_id}")]
pub async fn edit_user(app: App, by: PersonCaller, target: UserTarget, body: Body<EditUser>) -> Result<Answer<UserDetail>> {
    let address = AddressRequest::begin(&app, &by, body.0.email.as_deref()).await?;
    let (tx, by) = app.begin(&by).await?;
    let user = target.locked(&tx, &by, UserAction::Edit).await?;
    let tx = address.examine(&app, tx, &by, Some(&user.email)).await?;
    let user = user::save(&tx, user.edit(body.0.into())?).await?;
    UserDetail::committed(tx, user, &by).await
}

impl From<EditUser> for ProfileChange {
    fn from(edit: EditUser) -> Self {
        let EditUser { first_name, last_name, email, phone_number, workshop_code } = edit;
        Self {
            first_name: first_name.map(String::from),
            last_name: last_name.map(String::from),
            email: email.map(String::from),
            phone_number: phone_number.map(|number| number.map(String::from)),
            workshop_code: workshop_code.map(|code| code.map(String::from)),
        }
    }
}
