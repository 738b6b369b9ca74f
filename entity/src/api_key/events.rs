//! The entries about the API keys of a service account.

use super::Model;
use crate::audit::{Action, Event};
use crate::user;

/// Entries about an API key.
impl Event {
    /// An API key of a service account was created (`api_key_created`) or revoked (`api_key_revoked`). The key itself is never
    /// shown.
    pub fn api_key_changed(user: &user::Model, event: &'static str, key: &Model) -> Self {
        Self::on_user(Action::UserUpdated, user, format!("API key {}… of {}: {event}", key.hint, user.username))
            .with("event", event)
            .with("api_key_id", key.id)
            .with("hint", &key.hint)
    }
}
