//! An API key as it is shown: never the key itself, but to whoever has just made it.

use crate::http::Instant;
use entity::api_key;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A key of a service account
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "hint": "ctk_mJx0",
    "created_at": "2026-11-22T08:00:00.123Z", "revoked_at": null
}))]
pub struct ApiKeyDetail {
    pub id: Uuid,
    /// The service account
    pub user_id: Uuid,
    /// How the key begins
    #[schema(max_length = 16)]
    pub hint: String,
    pub created_at: Instant,
    /// From then on it lets nobody in
    pub revoked_at: Option<Instant>,
}

/// A key that was just made
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "user_id": "01a20725-be30-7584-bca5-f00e655c90d6", "hint": "ctk_mJx0",
    "created_at": "2026-11-22T08:00:00.123Z", "revoked_at": null, "api_key": "ctk_mJx0Zr1mS4m8v1v2Hq3nqT0l0o8cWw2m9nq3b1a7xYk"
}))]
pub struct CreatedApiKey {
    pub id: Uuid,
    /// The service account
    pub user_id: Uuid,
    /// How the key begins
    #[schema(max_length = 16)]
    pub hint: String,
    pub created_at: Instant,
    /// Null: it is good from now on
    pub revoked_at: Option<Instant>,
    /// For `Authorization: Bearer`. Shown this once; the service keeps its hash only
    #[schema(min_length = 47, max_length = 47)]
    pub api_key: String,
}

crate::list_of! {
    /// Keys of a service account
    ApiKeyList = ApiKeyDetail
}

/// How the contract lists a key in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "the contract names it; requests are read by UserTarget and KeyTarget")]
pub struct KeyPath {
    /// The service account
    user_id: Uuid,
    /// The key
    key_id: Uuid,
}

impl ApiKeyDetail {
    pub fn of(row: api_key::Model) -> Self {
        let api_key::Model { id, user_id, key_hash: _, hint, created_at, revoked_at } = row;
        Self { id, user_id, hint, created_at: created_at.into(), revoked_at: revoked_at.map(Instant) }
    }
}

impl CreatedApiKey {
    pub fn of(row: api_key::Model, api_key: &str) -> Self {
        let ApiKeyDetail { id, user_id, hint, created_at, revoked_at } = ApiKeyDetail::of(row);
        Self { id, user_id, hint, created_at, revoked_at, api_key: api_key.to_owned() }
    }
}
