//! Replays the log: applies the `changes` of entries to reconstruct each object, to be compared with its row.

use super::{Audited, facts};
use crate::audit_entry;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::fmt;

/// A mismatch between the log and a row, or within the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Gap {
    pub object_type: String,
    pub object_id: String,
    pub field: String,
    /// The value according to the log so far.
    pub logged: Json,
    /// The value in the next entry, or in the row.
    pub found: Json,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object_type, object_id, field, logged, found } = self;
        write!(f, "{object_type} {object_id}: {field} was logged as {logged} but is {found}")
    }
}

/// The state according to the log so far, per object and field.
#[derive(Debug, Default)]
pub struct Replay {
    things: HashMap<String, HashMap<String, Map<String, Json>>>,
}

impl Replay {
    /// Starts with a row that was there before the first entry.
    pub fn starting_with<E: Audited>(row: &E::Model) -> Self {
        let mut replay = Self::default();
        replay.things.entry(E::OBJECT.to_owned()).or_default().insert(E::id(row).to_string(), facts::<E>(row));
        replay
    }

    /// Applies the next entry as it is stored.
    pub fn follow_entry(&mut self, entry: &audit_entry::Model) -> Result<(), Box<Gap>> {
        let body: Json = serde_json::from_str(&entry.body).unwrap_or_default();
        match body.get("changes").and_then(Json::as_object) {
            Some(changes) => self.follow(&entry.object_type, &entry.object_id, changes),
            None => Err(gap(&entry.object_type, &entry.object_id, "changes", Json::Null, body)),
        }
    }

    /// Applies the next changes of an object. Each `from` must equal the last `to`.
    pub fn follow(&mut self, object_type: &str, object_id: &str, changes: &Map<String, Json>) -> Result<(), Box<Gap>> {
        if changes.is_empty() {
            return Ok(());
        }
        let things = self.things.entry(object_type.to_owned()).or_default();
        let thing = things.entry(object_id.to_owned()).or_default();
        for (field, change) in changes {
            let (from, to) = (part(change, "from"), part(change, "to"));
            let logged = thing.get(field).unwrap_or(&Json::Null);
            if !same(logged, &from) {
                return Err(gap(object_type, object_id, field, logged.clone(), from));
            }
            thing.insert(field.clone(), to);
        }
        Ok(())
    }

    /// Refuses a row that differs from the log.
    pub fn ensure_row<E: Audited>(&self, row: &E::Model) -> Result<(), Box<Gap>> {
        let id = E::id(row).to_string();
        let facts = facts::<E>(row);
        let nothing = Map::new();
        let thing = self.things.get(E::OBJECT).and_then(|things| things.get(&id)).unwrap_or(&nothing);
        let fields = facts.keys().chain(thing.keys().filter(|field| !facts.contains_key(*field)));
        for field in fields {
            let (logged, found) = (thing.get(field).unwrap_or(&Json::Null), facts.get(field).unwrap_or(&Json::Null));
            if !same(logged, found) {
                return Err(gap(E::OBJECT, &id, field, logged.clone(), found.clone()));
            }
        }
        Ok(())
    }

    /// The ids of the objects of one type that the log has changes for.
    pub fn logged(&self, object_type: &str) -> impl Iterator<Item = &str> {
        self.things.get(object_type).into_iter().flat_map(|things| things.keys().map(String::as_str))
    }

    /// The number of objects of all types that the log has changes for.
    pub fn things(&self) -> usize {
        self.things.values().map(HashMap::len).sum()
    }
}

/// What was logged, and what was found instead.
pub(crate) fn gap(object_type: &str, object_id: &str, field: &str, logged: Json, found: Json) -> Box<Gap> {
    let (object_type, object_id, field) = (object_type.to_owned(), object_id.to_owned(), field.to_owned());
    Box::new(Gap { object_type, object_id, field, logged, found })
}

fn part(change: &Json, key: &str) -> Json {
    change.get(key).cloned().unwrap_or_default()
}

/// Canonical JSON writes 14.0 as `14`, so numbers are compared by value.
fn same(left: &Json, right: &Json) -> bool {
    left == right || matches!((left.as_f64(), right.as_f64()), (Some(left), Some(right)) if left.total_cmp(&right).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn followed(changes: &[Json]) -> Result<Replay, Box<Gap>> {
        let mut replay = Replay::default();
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
        assert_eq!(replay.unwrap().logged("case").collect::<Vec<_>>(), ["1"]);
    }

    #[test]
    fn a_change_from_a_value_never_recorded_is_a_gap() {
        let broken = [json!({"status": {"from": null, "to": "draft"}}), json!({"status": {"from": "hold", "to": "accepted"}})];
        let gap = followed(&broken).unwrap_err();
        assert_eq!(gap.to_string(), r#"case 1: status was logged as "draft" but is "hold""#);
    }
}
