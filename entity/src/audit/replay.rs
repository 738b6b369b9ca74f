//! The log told again: what the entries' `changes` say each thing has become, to be compared with its row.

use super::{Audited, facts};
use crate::audit_entry;
use crate::setting;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::fmt;

/// Where the log and a row, or the log and itself, part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Gap {
    pub object_type: String,
    pub object_id: String,
    pub field: String,
    /// What the log had told before.
    pub told: Json,
    /// What the next entry, or the row, says instead.
    pub found: Json,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object_type, object_id, field, told, found } = self;
        write!(f, "{object_type} {object_id}: {field} was told as {told} and is {found}")
    }
}

/// What a log has told so far, per thing and field.
#[derive(Debug, Default)]
pub struct Replay {
    things: HashMap<String, HashMap<String, Map<String, Json>>>,
}

/// Folds entries, in the order of their ids.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a audit_entry::Model>) -> Result<Replay, Box<Gap>> {
    let mut replay = Replay::new();
    for entry in entries {
        replay.follow_entry(entry)?;
    }
    Ok(replay)
}

impl Replay {
    /// Before the first entry there is what the migrations wrote: the settings.
    pub fn new() -> Self {
        let mut replay = Self::default();
        let first = setting::Model::first();
        let things = replay.things.entry(setting::Entity::OBJECT.to_owned()).or_default();
        things.insert(first.id.to_string(), facts::<setting::Entity>(&first));
        replay
    }

    /// Folds the next entry as it is stored.
    pub fn follow_entry(&mut self, entry: &audit_entry::Model) -> Result<(), Box<Gap>> {
        let body: Json = serde_json::from_str(&entry.body).unwrap_or_default();
        match body.get("changes").and_then(Json::as_object) {
            Some(changes) => self.follow(&entry.object_type, &entry.object_id, changes),
            None => Err(gap(&entry.object_type, &entry.object_id, "changes", Json::Null, body)),
        }
    }

    /// Folds the next changes of a thing. Each `from` must be what the last `to` said.
    pub fn follow(&mut self, object_type: &str, object_id: &str, changes: &Map<String, Json>) -> Result<(), Box<Gap>> {
        if changes.is_empty() {
            return Ok(());
        }
        let things = self.things.entry(object_type.to_owned()).or_default();
        let thing = things.entry(object_id.to_owned()).or_default();
        for (field, change) in changes {
            let (from, to) = (part(change, "from"), part(change, "to"));
            let told = thing.get(field).unwrap_or(&Json::Null);
            if !same(told, &from) {
                return Err(gap(object_type, object_id, field, told.clone(), from));
            }
            thing.insert(field.clone(), to);
        }
        Ok(())
    }

    /// Refuses a row that isn't what the log told.
    pub fn demand_row<E: Audited>(&self, row: &E::Model) -> Result<(), Box<Gap>> {
        let id = E::id(row).to_string();
        let facts = facts::<E>(row);
        let nothing = Map::new();
        let thing = self.things.get(E::OBJECT).and_then(|things| things.get(&id)).unwrap_or(&nothing);
        let fields = facts.keys().chain(thing.keys().filter(|field| !facts.contains_key(*field)));
        for field in fields {
            let (told, found) = (thing.get(field).unwrap_or(&Json::Null), facts.get(field).unwrap_or(&Json::Null));
            if !same(told, found) {
                return Err(gap(E::OBJECT, &id, field, told.clone(), found.clone()));
            }
        }
        Ok(())
    }

    /// The ids of the things of one type whose changes were told.
    pub fn told(&self, object_type: &str) -> impl Iterator<Item = &str> {
        self.things.get(object_type).into_iter().flat_map(|things| things.keys().map(String::as_str))
    }

    /// How many things, of whatever type, were told about.
    pub fn things(&self) -> usize {
        self.things.values().map(HashMap::len).sum()
    }
}

pub(super) fn gap(object_type: &str, object_id: &str, field: &str, told: Json, found: Json) -> Box<Gap> {
    let (object_type, object_id, field) = (object_type.to_owned(), object_id.to_owned(), field.to_owned());
    Box::new(Gap { object_type, object_id, field, told, found })
}

fn part(change: &Json, key: &str) -> Json {
    change.get(key).cloned().unwrap_or_default()
}

/// Canonical JSON writes 14.0 as `14`, so numbers are compared by what they are worth.
fn same(left: &Json, right: &Json) -> bool {
    left == right || matches!((left.as_f64(), right.as_f64()), (Some(left), Some(right)) if left.total_cmp(&right).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn followed(changes: &[Json]) -> Result<Replay, Box<Gap>> {
        let mut replay = Replay::new();
        changes.iter().try_for_each(|changes| replay.follow("case", "1", changes.as_object().unwrap()))?;
        Ok(replay)
    }

    #[test]
    fn changes_chain() {
        let replay = followed(&[
            json!({"status": {"from": null, "to": "draft"}, "days": {"from": null, "to": 14.0}}),
            json!({}),
            json!({"status": {"from": "draft", "to": "submitted"}, "days": {"from": 14, "to": null}}),
        ]);
        assert_eq!(replay.unwrap().told("case").collect::<Vec<_>>(), ["1"]);
    }

    #[test]
    fn a_change_from_something_never_told_is_a_gap() {
        let broken = [json!({"status": {"from": null, "to": "draft"}}), json!({"status": {"from": "hold", "to": "accepted"}})];
        let gap = followed(&broken).unwrap_err();
        assert_eq!(gap.to_string(), r#"case 1: status was told as "draft" and is "hold""#);
    }
}
