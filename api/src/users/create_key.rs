//! Create an additional key for a service account.

use super::key_view::CreatedApiKey;
use super::target::{UserPath, UserTarget};
use crate::credentials::api_key::ApiKey;
use crate::http::{Administrator, Answer, IfMatchHeader, OptionalBody, Result};
use crate::state::App;
use crate::wire::fields::ApiKeyName;
use crate::wire::{AccountProblems, Error, Instant, json};
use actix_web::post;
use chrono::{DateTime, TimeDelta, Utc};
use entity::api_key::NewKey;
use entity::audit::Event;
use entity::user::{Role, UserAction, UserRefusal};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// How many days ahead the end of a key may be at most.
const DAYS_MAX: i64 = 3_650;

/// Request body for creating an API key
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"name": "Nightly import", "expires_at": "2027-11-22T08:00:00.000Z"}))]
pub struct CreateApiKey {
    /// A name by which lists and audit entries tell the key from others; the first characters of the key if there is none
    #[serde(deserialize_with = "json::optional")]
    #[validate(nested)]
    name: Option<ApiKeyName>,
    /// The time from which on the key is refused, in the future and within 3,650 days; a key without one is valid until revoked
    expires_at: Option<Instant>,
}

/// Create an API key
///
/// The response shows the key only once. The service account's other keys stay valid, so that a new key can be deployed
/// before the old one is revoked. From `expires_at` on the key is refused with 401, like a revoked one. Secrets are never stored,
/// so this operation accepts no `Idempotency-Key`: if the response was lost, revoke the new key in the list and create another
/// one.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body(content = Option<CreateApiKey>, description = "Optional"),
    responses((status = CREATED, description = "The new key", body = CreatedApiKey), AccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["user_updated"], "may": [], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[post("/users/{user_id}/api-keys")]
pub async fn create_user_api_key(
    app: App,
    by: Administrator,
    target: UserTarget,
    body: OptionalBody<CreateApiKey>,
) -> Result<Answer<CreatedApiKey>> {
    let (tx, by) = app.begin(&by).await?;
    let user = target.locked(&tx, &by, UserAction::ManageKeys).await?;
    if user.role != Role::Service {
        return Err(UserRefusal::NotAService.into());
    }
    let (name, expires_at) = (body.name.as_ref().map(String::from), body.ends_at(tx.now())?);
    let key = ApiKey::random();
    let row = key.keep(&tx, NewKey { id: tx.new_id(), user_id: user.id, name, expires_at }).await?;
    tx.record(Event::api_key_changed(&user, "api_key_created", &row)).await?;
    tx.commit().await?;
    let place = format!("/api/v1/users/{}/api-keys/{}", user.id, row.id);
    Ok(Answer::plain(CreatedApiKey::new(row, key.reveal())).created(place))
}

impl CreateApiKey {
    fn ends_at(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        match self.expires_at {
            Some(Instant(at)) if at <= now || at > now + TimeDelta::days(DAYS_MAX) => {
                Err(Error::field("/expires_at", "range", "must be in the future, within 3,650 days"))
            }
            expires_at => Ok(expires_at.map(|Instant(at)| at)),
        }
    }
}
