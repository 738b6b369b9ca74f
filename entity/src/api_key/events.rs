//! The entries about the API keys of a service account.

use super::Model;
use crate::audit::Event;
use crate::audit::metadata::metadata;
use crate::user;

/// Entries about an API key.
impl Event {
    /// An API key of a service account was created (`api_key_created`) or revoked (`api_key_revoked`). The key itself is never
    /// shown.
    pub fn api_key_changed(user: &user::Model, event: &'static str, key: &Model) -> Self {
        let metadata = metadata![UserUpdated; EVENT = event, API_KEY_ID = key.id, HINT = &key.hint];
        Self::on_user(metadata, user, format!("API key {}… of {}: {event}", key.hint, user.username))
    }
}
