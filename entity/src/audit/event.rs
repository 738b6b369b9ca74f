//! The content of an entry, and its builder; each row has a constructor for each of its entries in its own `events.rs`.

use super::key::{self, Key, Value};
use super::metadata::{self, Metadata};
use super::{Action, Audited, ChangeContext, Changes, Outcome, Refusal};
use crate::user::Person;
use sea_orm::prelude::Uuid;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The content of an entry before it has an id, a time and an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub action: Action,
    pub outcome: Outcome,
    /// `object_type` and `object_id`.
    pub object: (Cow<'static, str>, String),
    /// A case's id and number.
    pub case: Option<(Uuid, String)>,
    /// A document's id and filename.
    pub document: Option<(Uuid, String)>,
    pub related_user: Option<Person>,
    pub description: String,
    pub changes: Changes,
    /// The full names of the people whose ids are among the changes, at the time of the event.
    pub names: BTreeMap<Uuid, String>,
    pub metadata: Map<String, Json>,
}

impl Event {
    /// A short key that entries can be grouped by in addition to their type: which view, job or report.
    pub fn topic(&self) -> Option<&str> {
        if self.action.takes_any_metadata() {
            // Any other metadata belongs to the entry itself and may use any keys.
            return self.metadata.get(key::EVENT.name()).and_then(Json::as_str);
        }
        if self.metadata.get(key::DRY_RUN.name()) == Some(&Json::Bool(true)) {
            // A dry run says nothing about the health of the job, so it isn't counted among its runs.
            return None;
        }
        let (template, others) = (key::TEMPLATE, [key::VIEW_TYPE, key::JOB_NAME, key::REPORT_TYPE, key::EXPORT_TYPE]);
        let names = others.iter().map(Key::name).chain([template.name(), key::EVENT.name()]);
        names.into_iter().find_map(|name| self.metadata.get(name)).and_then(Json::as_str)
    }

    /// Refuses an entry whose metadata is not what its action requires.
    pub(crate) fn ensure_metadata(&self) -> Result<(), Refusal> {
        metadata::ensure(self.action, self.outcome, &self.metadata)
    }

    /// An event without changes, of a success.
    pub(crate) fn new(metadata: Metadata, object: (&'static str, String), description: String) -> Self {
        let Metadata { action, values: metadata } = metadata;
        let (outcome, changes, object) = (Outcome::Success, Changes::default(), (Cow::Borrowed(object.0), object.1));
        let names = BTreeMap::new();
        Self { action, outcome, object, case: None, document: None, related_user: None, description, changes, names, metadata }
    }

    /// Names the columns that this event covers; those that differ become its changes.
    pub(crate) fn naming<E: Audited>(self, before: Option<&E::Model>, after: &E::Model, columns: &[E::Column]) -> Self {
        Self { changes: Changes::between::<E>(before, after, columns), ..self }
    }

    /// How the action ended, if it did not succeed.
    pub(crate) fn ending(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The person that the event is about.
    pub fn about(self, person: Option<&Person>) -> Self {
        Self { related_user: person.cloned(), ..self }
    }

    /// Sets a key that entries of any action may have.
    pub(crate) fn with<T>(mut self, key: Key<T>, value: impl Value<T>) -> Self {
        key.put(value, &mut self.metadata);
        self
    }

    /// Details of the operation beyond columns and reason, such as `docs_verified`.
    pub(crate) fn with_notes(mut self, change: &ChangeContext) -> Self {
        for (key, value) in &change.notes {
            self.metadata.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}
