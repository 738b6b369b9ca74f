//! The entries about the API keys of a service account.

use super::Model;
use crate::audit::metadata::metadata;
use crate::audit::{Event, Outcome, UsedKey};
use crate::user::{self, Person};

/// Entries about an API key.
impl Event {
    /// An API key of a service account was created (`api_key_created`) or revoked (`api_key_revoked`). The key itself is never
    /// shown.
    pub fn api_key_changed(user: &user::Model, event: &'static str, key: &Model) -> Self {
        let metadata = metadata![UserUpdated;
            EVENT = event,
            API_KEY_ID = key.id,
            API_KEY_NAME = key.name(),
            HINT = &key.hint,
            [EXPIRES_AT] = key.expires_at,
        ];
        Self::on_user(metadata, user, format!("API key {} ({}…) of {}: {event}", key.name(), key.hint, user.username))
    }

    /// A key was presented after its end. No entry marks the end itself, so this one says why the account is refused.
    pub fn api_key_expired(owner: &Person, key: &UsedKey, user_agent: Option<&str>) -> Self {
        let metadata = metadata![Login failed; EVENT = "api_key_expired", USER_AGENT = user_agent];
        let description = format!("The expired API key {} of {} was presented", key.name, owner.username);
        Self::new(metadata, ("api_key", key.id.to_string()), description).ending(Outcome::Denied)
    }
}
