//! The origin of a write: actor, address, and request.

use crate::user::Person;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything an entry records about its origin. There is no default: no actor, no write.
#[derive(Clone, Debug)]
pub struct Context {
    pub actor: Actor,
    /// The API key that the request was made with, if any.
    pub api_key: Option<UsedKey>,
    pub in_job: bool,
    pub request_id: String,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
}

impl Context {
    /// A job run by the service itself.
    pub fn job(run_id: Uuid) -> Self {
        let request_id = run_id.to_string();
        Self { actor: Actor::System, api_key: None, in_job: true, request_id, ip_address: None, user_agent: None }
    }

    /// The same with the API key that the request was made with, if any.
    pub fn with_key(self, api_key: Option<UsedKey>) -> Self {
        Self { api_key, ..self }
    }

    pub(crate) fn source(&self, from_a_hook: bool) -> Source {
        match (&self.actor, self.in_job) {
            (_, true) => Source::Job,
            (Actor::Person(person), false) if person.is_service() => Source::Service,
            (Actor::Person(_) | Actor::System | Actor::Anonymous, false) if from_a_hook => Source::Automatic,
            (Actor::Person(_) | Actor::System | Actor::Anonymous, false) => Source::Endpoint,
        }
    }
}

/// An API key with the name that it had when it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedKey {
    pub id: Uuid,
    pub name: String,
}

/// The actor with the names they had at that moment; an entry reads the same after the user was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An actor with a row in the users table: a person or a service account.
    Person(Person),
    System,
    Anonymous,
}

impl Actor {
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::System | Self::Anonymous => None,
        }
    }

    pub fn id(&self) -> Option<Uuid> {
        self.person().map(|person| person.id)
    }

    /// The name shown to readers.
    pub fn label(&self) -> &str {
        match self {
            Self::Person(person) => &person.username,
            Self::System => "System",
            Self::Anonymous => "anonymous",
        }
    }

    pub fn kind(&self) -> ActorType {
        match self {
            Self::Person(person) if person.is_service() => ActorType::Service,
            Self::Person(_) => ActorType::User,
            Self::System => ActorType::System,
            Self::Anonymous => ActorType::Anonymous,
        }
    }
}

/// The kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    User,
    Service,
    System,
    Anonymous,
}

impl ActorType {
    pub const fn code(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }
}

/// How the entry came to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditSource)]
pub enum Source {
    /// A job of the service.
    Job,
    /// A service account.
    Service,
    /// The hooks of a changed row.
    Automatic,
    /// An operation without a row of its own.
    Endpoint,
}

impl Source {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Service => "service",
            Self::Automatic => "automatic",
            Self::Endpoint => "endpoint",
        }
    }
}

/// How the action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditOutcome)]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It was attempted and did not succeed.
    Failure,
    /// An authenticated caller was refused.
    Denied,
}

impl Outcome {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
        }
    }
}
