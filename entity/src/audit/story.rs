//! What a change can't say about itself: why, by whom, what the operation noted, and who the people in it are.

use super::Actor;
use crate::user::Person;
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// The part of an event that is in no column. `events` gets it beside the two rows and stays pure.
#[derive(Clone, Debug)]
pub struct Story {
    pub by: Actor,
    pub reason: Option<String>,
    pub notes: Map<String, Json>,
    pub people: HashMap<Uuid, Person>,
}

impl Story {
    pub fn of(by: Actor) -> Self {
        Self { by, reason: None, notes: Map::new(), people: HashMap::new() }
    }

    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What the operation noted under `key`; null if it noted nothing.
    pub fn noted(&self, key: &str) -> Json {
        self.notes.get(key).cloned().unwrap_or(Json::Null)
    }

    /// The name the operation gave to a change that needs one, such as `event`.
    pub fn noted_text(&self, key: &str) -> Option<&str> {
        self.notes.get(key).and_then(Json::as_str)
    }

    /// The person behind an id. The hooks see to it that everyone a changed column names is known here.
    pub fn person(&self, id: Option<Uuid>) -> Option<&Person> {
        self.people.get(&id?)
    }

    pub fn username(&self, id: Option<Uuid>) -> Option<&str> {
        self.person(id).map(|person| person.username.as_str())
    }
}
