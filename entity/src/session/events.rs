//! The entries about signing in and out.

use crate::audit::{Action, Audited, Event, Outcome};
use crate::user::{self, Person};
use sea_orm::prelude::Uuid;

/// Entries about signing in and out.
impl Event {
    pub fn login(person: &Person, session_id: Uuid, user_agent: Option<&str>) -> Self {
        Self::new(Action::Login, ("session", session_id.to_string()), format!("{} signed in", person.username))
            .with("user_agent", user_agent)
            .with("session_id", session_id)
    }

    /// A wrong password, an unknown username or an inactive account: identical to the caller, distinguished only here.
    pub fn login_failed(username: &str, known: Option<&Person>, event: &'static str, user_agent: Option<&str>) -> Self {
        let object = known.map_or_else(|| "unknown".to_owned(), |person| person.id.to_string());
        // Text typed as a username may be a password; only an existing username is repeated.
        let name = known.map_or("an unknown username", |_| username);
        Self::new(Action::Login, (user::Entity::OBJECT, object), format!("Sign-in as {name} failed"))
            .ending(Outcome::Failure)
            .about(known)
            .with("event", event)
            .with("user_agent", user_agent)
    }

    /// A sign-in that was not checked because too many previous attempts failed.
    pub fn login_throttled(username: &str, known: Option<&Person>, user_agent: Option<&str>) -> Self {
        Self::login_failed(username, known, "too_many_attempts", user_agent).ending(Outcome::Denied)
    }

    /// A refresh token that was never issued: a guess, or a token from another database.
    pub fn refresh_failed() -> Self {
        Self::new(Action::Login, ("session", "unknown".to_owned()), "An unknown refresh token was presented".to_owned())
            .ending(Outcome::Failure)
            .with("event", "unknown_refresh_token")
    }

    /// The same, from an address that has presented too many such tokens before.
    pub fn refresh_throttled() -> Self {
        Self::refresh_failed().ending(Outcome::Denied).with("event", "too_many_attempts")
    }

    /// A refresh token that was presented again right after its exchange: its session continues.
    pub fn refresh_repeated(person: &Person, session_id: Uuid, user_agent: Option<&str>) -> Self {
        let description = format!("{} repeated a refresh of their session", person.username);
        Self::new(Action::Login, ("session", session_id.to_string()), description)
            .with("event", "refresh_grace")
            .with("user_agent", user_agent)
            .with("session_id", session_id)
    }

    /// A refresh token that was already used: its whole session ends.
    pub fn refresh_reused(person: &Person, session_id: Uuid) -> Self {
        let description = format!("A used refresh token of {} was presented again", person.username);
        Self::new(Action::Login, ("session", session_id.to_string()), description)
            .ending(Outcome::Denied)
            .about(Some(person))
            .with("event", "refresh_reuse")
            .with("session_id", session_id)
    }

    pub fn logout(person: &Person, session_id: Uuid, session_duration_seconds: i64) -> Self {
        Self::new(Action::Logout, ("session", session_id.to_string()), format!("{} signed out", person.username))
            .with("session_id", session_id)
            .with("session_duration_seconds", session_duration_seconds)
    }
}
