//! The context of a change that its row does not contain: the reason, the actor, the operation's notes, and the people involved.

use super::Actor;
use crate::user::Person;
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// The part of an event that is in no column. `events` receives it in addition to the two rows and stays pure.
#[derive(Clone, Debug)]
pub struct ChangeContext {
    pub by: Actor,
    pub reason: Option<String>,
    pub notes: Map<String, Json>,
    pub people: HashMap<Uuid, Person>,
}

impl ChangeContext {
    pub fn new(by: Actor) -> Self {
        Self { by, reason: None, notes: Map::new(), people: HashMap::new() }
    }

    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What the operation noted under `key`; null if nothing was noted.
    pub fn noted(&self, key: &str) -> Json {
        self.notes.get(key).cloned().unwrap_or(Json::Null)
    }

    /// The name that the operation gave to a change that needs one, such as `event`.
    pub fn noted_text(&self, key: &str) -> Option<&str> {
        self.notes.get(key).and_then(Json::as_str)
    }

    /// The person with an id. The hooks make sure that everyone a changed column refers to is known here.
    pub fn person(&self, id: Option<Uuid>) -> Option<&Person> {
        self.people.get(&id?)
    }

    pub fn username(&self, id: Option<Uuid>) -> Option<&str> {
        self.person(id).map(|person| person.username.as_str())
    }
}
