//! The entries about signing in and out.

use super::Model;
use crate::audit::metadata::metadata;
use crate::audit::{Audited, Event, Outcome};
use crate::user::{self, Person};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;

/// Entries about signing in and out.
impl Event {
    pub fn login(person: &Person, session_id: Uuid, user_agent: Option<&str>) -> Self {
        let metadata = metadata![Login; USER_AGENT = user_agent, SESSION_ID = session_id];
        Self::new(metadata, ("session", session_id.to_string()), format!("{} signed in", person.username))
    }

    /// A wrong password, an unknown username or an inactive account: identical to the caller, distinguished only here.
    pub fn login_failed(username: &str, known: Option<&Person>, event: &'static str, user_agent: Option<&str>) -> Self {
        let object = known.map_or_else(|| "unknown".to_owned(), |person| person.id.to_string());
        // Text typed as a username may be a password; only an existing username is repeated.
        let name = known.map_or("an unknown username", |_| username);
        let metadata = metadata![Login failed; EVENT = event, USER_AGENT = user_agent];
        Self::new(metadata, (user::Entity::OBJECT, object), format!("Sign-in as {name} failed"))
            .ending(Outcome::Failure)
            .about(known)
    }

    /// A sign-in that was not checked because too many previous attempts failed.
    pub fn login_throttled(username: &str, known: Option<&Person>, user_agent: Option<&str>) -> Self {
        Self::login_failed(username, known, "too_many_attempts", user_agent).ending(Outcome::Denied)
    }

    /// A refresh token that was never issued: a guess, or a token from another database.
    pub fn refresh_failed() -> Self {
        Self::unknown_refresh_token("unknown_refresh_token").ending(Outcome::Failure)
    }

    /// The same, from an address that has presented too many such tokens before.
    pub fn refresh_throttled() -> Self {
        Self::unknown_refresh_token("too_many_attempts").ending(Outcome::Denied)
    }

    fn unknown_refresh_token(event: &str) -> Self {
        let metadata = metadata![Login failed; EVENT = event];
        Self::new(metadata, ("session", "unknown".to_owned()), "An unknown refresh token was presented".to_owned())
    }

    /// A refresh token that was presented again right after its exchange: its session continues.
    pub fn refresh_repeated(person: &Person, session_id: Uuid, user_agent: Option<&str>) -> Self {
        let description = format!("{} repeated a refresh of their session", person.username);
        let metadata = metadata![Login;
            EVENT = "refresh_grace",
            USER_AGENT = user_agent,
            SESSION_ID = session_id,
        ];
        Self::new(metadata, ("session", session_id.to_string()), description)
    }

    /// A refresh token that was already used: its whole session ends.
    pub fn refresh_reused(person: &Person, session_id: Uuid) -> Self {
        let description = format!("A used refresh token of {} was presented again", person.username);
        let metadata = metadata![Login failed; EVENT = "refresh_reuse", SESSION_ID = session_id];
        Self::new(metadata, ("session", session_id.to_string()), description).ending(Outcome::Denied).about(Some(person))
    }

    pub fn logout(person: &Person, session_id: Uuid, session_duration_seconds: i64) -> Self {
        let metadata = metadata![Logout;
            SESSION_ID = session_id,
            SESSION_DURATION_SECONDS = session_duration_seconds,
        ];
        Self::new(metadata, ("session", session_id.to_string()), format!("{} signed out", person.username))
    }

    /// A session that was ended without its refresh token, by its owner or by a user who may: the actor of the entry.
    pub fn session_ended(owner: &Person, session: &Model, by_id: Uuid, now: DateTime<Utc>) -> Self {
        let metadata = metadata![Logout;
            EVENT = "session_ended",
            SESSION_ID = session.id,
            SESSION_DURATION_SECONDS = (now - session.started_at).num_seconds().max(0),
        ];
        Self::new(metadata, ("session", session.id.to_string()), format!("A session of {} was ended", owner.username))
            .about((owner.id != by_id).then_some(owner))
    }
}
