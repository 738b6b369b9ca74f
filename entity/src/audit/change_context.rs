//! The context of a change that its row does not contain: the reason, the actor, the operation's notes, and the people involved.

use super::Actor;
use super::key::{Count, Key, Noted, Text, Value};
use crate::user::Person;
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// The part of an event that is in no column. `events` receives it in addition to the two rows and stays pure.
#[derive(Clone, Debug)]
pub struct ChangeContext {
    pub by: Actor,
    pub reason: Option<String>,
    /// Details by metadata key: see `note`.
    pub(super) notes: Map<String, Json>,
    pub people: HashMap<Uuid, Person>,
}

impl ChangeContext {
    pub fn new(by: Actor) -> Self {
        Self { by, reason: None, notes: Map::new(), people: HashMap::new() }
    }

    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Notes a detail of the operation.
    pub fn note<T>(&mut self, key: Key<T>, value: impl Value<T>) {
        key.put(value, &mut self.notes);
    }

    /// Whether the operation noted this detail.
    pub fn has_noted<T>(&self, key: Key<T>) -> bool {
        self.notes.contains_key(key.name())
    }

    /// The same without what the operation noted under a key.
    pub fn without<T>(&self, key: Key<T>) -> Self {
        let mut other = self.clone();
        other.notes.remove(key.name());
        other
    }

    /// What the operation noted under a key that may be null; null if nothing was noted.
    pub fn noted<T>(&self, key: Key<Option<T>>) -> Noted<Option<T>> {
        Noted::new(self.notes.get(key.name()).cloned().unwrap_or_default())
    }

    /// What the operation noted under a key, or another value if nothing was noted.
    pub fn noted_or<T>(&self, key: Key<T>, otherwise: impl Value<T>) -> Noted<T> {
        Noted::new(self.notes.get(key.name()).cloned().unwrap_or_else(|| otherwise.json()))
    }

    /// The text that the operation noted under a key.
    pub fn noted_text(&self, key: Key<Text>) -> Option<&str> {
        self.notes.get(key.name()).and_then(Json::as_str)
    }

    /// The number that the operation noted under a key.
    pub fn noted_count(&self, key: Key<Option<Count>>) -> Option<i64> {
        self.notes.get(key.name()).and_then(Json::as_i64)
    }

    /// The person with an id. The hooks make sure that everyone a changed column refers to is known here.
    pub fn person(&self, id: Option<Uuid>) -> Option<&Person> {
        self.people.get(&id?)
    }

    pub fn username(&self, id: Option<Uuid>) -> Option<&str> {
        self.person(id).map(|person| person.username.as_str())
    }
}
