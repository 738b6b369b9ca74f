//! API keys in responses: without the key itself, except for the caller who has just created it.

use crate::wire::Instant;
use crate::wire::fields::shown::ShownApiKeyName;
use entity::api_key;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An API key of a service account
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "name": "Nightly import",
    "hint": "ctk_mJx0", "created_at": "2026-11-22T08:00:00.123Z", "expires_at": "2027-11-22T08:00:00.000Z",
    "last_used_at": "2026-12-01T07:30:00.000Z", "revoked_at": null
}))]
pub struct ApiKeyDetail {
    pub id: Uuid,
    /// The service account
    pub user_id: Uuid,
    /// The name that entries show for the key; its first characters if it was given none
    #[schema(value_type = ShownApiKeyName)]
    pub name: String,
    /// The first characters of the key
    #[schema(max_length = 16)]
    pub hint: String,
    pub created_at: Instant,
    /// The time from which on the key is refused; null if it does not expire
    pub expires_at: Option<Instant>,
    /// The time of the last request made with the key, stored about a minute later; null if there was none
    pub last_used_at: Option<Instant>,
    /// The time at which the key was revoked; null if it was not
    pub revoked_at: Option<Instant>,
}

/// A newly created API key
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "name": "Nightly import",
    "hint": "ctk_mJx0", "created_at": "2026-11-22T08:00:00.123Z", "expires_at": "2027-11-22T08:00:00.000Z", "revoked_at": null,
    "api_key": "ctk_mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk"
}))]
pub struct CreatedApiKey {
    pub id: Uuid,
    /// The service account
    pub user_id: Uuid,
    /// The name that entries show for the key; its first characters if it was given none
    #[schema(value_type = ShownApiKeyName)]
    pub name: String,
    /// The first characters of the key
    #[schema(max_length = 16)]
    pub hint: String,
    pub created_at: Instant,
    /// The time from which on the key is refused; null if it does not expire
    pub expires_at: Option<Instant>,
    /// Null: the key is valid
    pub revoked_at: Option<Instant>,
    /// For the header `Authorization: Bearer`. Shown only once; the service stores only its hash
    #[schema(min_length = 47, max_length = 47)]
    pub api_key: String,
}

crate::list_of! {
    /// A page of a service account's API keys
    ApiKeyList = ApiKeyDetail
}

/// How the contract describes a key in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only for the contract; requests are read by UserTarget and KeyTarget")]
pub struct KeyPath {
    /// The service account
    user_id: Uuid,
    /// The API key
    key_id: Uuid,
}

impl ApiKeyDetail {
    pub fn new(row: api_key::Model) -> Self {
        let shown = row.name().to_owned();
        let api_key::Model { id, user_id, key_hash: _, hint, created_at, revoked_at, name: _, expires_at, last_used_at } = row;
        Self {
            id,
            user_id,
            name: shown,
            hint,
            created_at: created_at.into(),
            expires_at: expires_at.map(Instant),
            last_used_at: last_used_at.map(Instant),
            revoked_at: revoked_at.map(Instant),
        }
    }
}

impl CreatedApiKey {
    pub fn new(row: api_key::Model, api_key: &str) -> Self {
        let ApiKeyDetail { id, user_id, name, hint, created_at, expires_at, last_used_at: _, revoked_at } =
            ApiKeyDetail::new(row);
        Self { id, user_id, name, hint, created_at, expires_at, revoked_at, api_key: api_key.to_owned() }
    }
}
