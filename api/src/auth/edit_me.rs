//! Edit the caller's own profile.

use super::account::AccountDetail;
use crate::http::request::throttle::AddressRequest;
use crate::http::{Answer, Body, IfMatch, IfMatchHeader, PersonCaller, Result};
use crate::state::App;
use crate::wire::fields::{EmailAddress, PersonName, PhoneNumber, WorkshopCode};
use crate::wire::{OwnWriteProblems, json};
use actix_web::patch;
use entity::user;
use entity::user::lifecycle::ProfileChange;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for editing one's own profile; omitted fields stay unchanged
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"first_name": "Mia", "phone_number": "312-555-0142"}))]
pub struct EditOwnAccount {
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
    /// Members only, for whom it is required; stored in upper case
    #[serde(default, deserialize_with = "json::patch")]
    #[validate(nested)]
    workshop_code: Option<Option<WorkshopCode>>,
}

/// Edit your own profile
///
/// Leaves one entry, however many fields change: `member_profile_updated` for a member, `user_updated` for all other roles. A
/// request that changes nothing leaves none. An email address that is taken returns 409 and is recorded; after ten of those
/// within a day every other address returns 429 `too_many_attempts` until `Retry-After`, except for administrators, who see all
/// accounts.
#[utoipa::path(
    tag = "auth",
    params(IfMatchHeader),
    request_body = EditOwnAccount,
    responses((status = OK, description = "The updated account", body = AccountDetail), OwnWriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["user_updated", "member_profile_updated"], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[patch("/auth/me")]
pub async fn edit_own_account(
    app: App,
    by: PersonCaller,
    if_match: IfMatch,
    body: Body<EditOwnAccount>,
) -> Result<Answer<AccountDetail>> {
    let address = AddressRequest::begin(&app, &by, body.0.email.as_deref()).await?;
    let (tx, by) = app.begin(&by).await?;
    let user = user::locked(&tx, by.id(), &by).await?;
    if_match.check(user.version)?;
    let tx = address.examine(&app, tx, &by, Some(&user.email)).await?;
    let user = user::save(&tx, user.edit(body.0.into())?).await?;
    let version = user.version;
    let view = AccountDetail::read(&tx, user, by.session_id).await?;
    tx.commit().await?;
    Ok(Answer::new(view, version))
}

impl From<EditOwnAccount> for ProfileChange {
    fn from(edit: EditOwnAccount) -> Self {
        let EditOwnAccount { first_name, last_name, email, phone_number, workshop_code } = edit;
        Self {
            first_name: first_name.map(String::from),
            last_name: last_name.map(String::from),
            email: email.map(String::from),
            phone_number: phone_number.map(|number| number.map(String::from)),
            workshop_code: workshop_code.map(|code| code.map(String::from)),
        }
    }
}
