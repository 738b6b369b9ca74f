//! Whether a schema accepts less than before, or returns something else.

use super::rules::{Direction, Side};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// A schema without its references and its `X or null`.
#[derive(Debug, Default)]
struct Plain {
    types: BTreeSet<String>,
    properties: BTreeMap<String, Json>,
    required: BTreeSet<String>,
    /// All other keywords.
    rest: Map<String, Json>,
}

impl Plain {
    fn new(document: &Json, schema: &Json) -> Self {
        let mut plain = Self::default();
        plain.take(document, schema);
        plain
    }

    fn take(&mut self, document: &Json, schema: &Json) {
        let schema = resolved(document, schema);
        let Some(fields) = schema.as_object() else { return };
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("type", Json::String(name)) => drop(self.types.insert(name.clone())),
                ("type", Json::Array(names)) => self.types.extend(names.iter().filter_map(Json::as_str).map(str::to_owned)),
                ("properties", Json::Object(properties)) => self.properties.extend(properties.clone()),
                ("required", Json::Array(names)) => {
                    self.required.extend(names.iter().filter_map(Json::as_str).map(str::to_owned))
                }
                ("allOf", Json::Array(parts)) => parts.iter().for_each(|part| self.take(document, part)),
                ("oneOf" | "anyOf", Json::Array(choices)) => self.take_choices(document, name, choices),
                ("const", value) => drop(self.rest.insert("enum".to_owned(), Json::Array(vec![value.clone()]))),
                _ => drop(self.rest.insert(name.clone(), value.clone())),
            }
        }
    }

    fn take_choices(&mut self, document: &Json, name: &str, choices: &[Json]) {
        let is_null = |choice: &&Json| choice["type"] == "null";
        if choices.iter().any(|choice| is_null(&choice)) {
            self.types.insert("null".to_owned());
        }
        let others: Vec<&Json> = choices.iter().filter(|choice| !is_null(choice)).collect();
        match others.as_slice() {
            [only] => self.take(document, only),
            several => drop(self.rest.insert(name.to_owned(), several.iter().map(|choice| (*choice).clone()).collect())),
        }
    }

    /// The closed set of values, if any, without null.
    fn values(&self) -> Option<BTreeSet<String>> {
        self.listed("enum")
    }

    /// The values that a response is known to have, also if others may be added.
    fn known_values(&self) -> Option<BTreeSet<String>> {
        self.values().or_else(|| self.listed("x-extensible-enum"))
    }

    fn listed(&self, name: &str) -> Option<BTreeSet<String>> {
        let values = self.rest.get(name)?.as_array()?;
        Some(values.iter().filter(|value| !value.is_null()).map(ToString::to_string).collect())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.rest.get(name)?.as_f64()
    }

    /// Whether a type is among its own: an integer is a number too. No type at all means any type.
    fn admits(&self, kind: &str) -> bool {
        self.types.is_empty() || self.types.contains(kind) || (kind == "integer" && self.types.contains("number"))
    }
}

/// The target of a reference.
pub fn resolved<'a>(document: &'a Json, value: &'a Json) -> &'a Json {
    match value["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).map_or(value, |found| resolved(document, found)),
        None => value,
    }
}

/// Compares two schemas at one place.
pub fn compare(side: &mut Side<'_>, place: &str, old: &Json, new: &Json) {
    if !side.enter(old, new) {
        return;
    }
    let (before, after) = (Plain::new(side.old, old), Plain::new(side.new, new));
    types(side, place, &before, &after);
    values(side, place, &before, &after);
    if side.way == Direction::In {
        bounds(side, place, &before, &after);
    }
    for name in ["format", "oneOf", "anyOf"] {
        let (was, is) = (before.rest.get(name), after.rest.get(name));
        // New requirements for a request, and guarantees that a response no longer keeps.
        let matters = if side.way == Direction::In { is.is_some() } else { was.is_some() };
        if was != is && matters {
            side.find(place, format!("{name} was {} and is {}", shown(was), shown(is)));
        }
    }
    properties(side, place, &before, &after);
    for name in ["items", "additionalProperties"] {
        match (before.rest.get(name), after.rest.get(name)) {
            (Some(was @ Json::Object(_)), Some(is @ Json::Object(_))) => compare(side, &format!("{place}/*"), was, is),
            (was, Some(Json::Bool(false))) if was != Some(&Json::Bool(false)) && side.way == Direction::In => {
                side.find(place, "takes no further properties any more".to_owned());
            }
            _ => {}
        }
    }
    side.leave();
}

fn types(side: &mut Side<'_>, place: &str, before: &Plain, after: &Plain) {
    let (from, to, says) = match side.way {
        Direction::In => (before, after, "is not taken any more"),
        Direction::Out => (after, before, "is given now"),
    };
    if from.types.is_empty() && !to.types.is_empty() {
        return side.find(place, format!("any type {says}"));
    }
    for kind in from.types.iter().filter(|kind| !to.admits(kind)) {
        side.find(place, format!("type {kind} {says}"));
    }
}

fn values(side: &mut Side<'_>, place: &str, before: &Plain, after: &Plain) {
    let (was, is) = (before.values(), after.values());
    match (side.way, was, is) {
        (Direction::In, None, Some(_)) => side.find(place, "only some values are taken any more".to_owned()),
        (Direction::In, Some(was), Some(is)) => {
            was.difference(&is).for_each(|value| side.find(place, format!("{value} is not taken any more")));
        }
        (Direction::In, _, None) => {}
        (Direction::Out, was, is) => {
            if was.is_some() && is.is_none() {
                side.find(place, "any value is given now".to_owned());
            }
            known_values(side, place, before, after);
        }
    }
}

/// A value that a response no longer has, or has besides a set that was closed.
fn known_values(side: &mut Side<'_>, place: &str, before: &Plain, after: &Plain) {
    let (Some(was), Some(is)) = (before.known_values(), after.known_values()) else { return };
    was.difference(&is).for_each(|value| side.find(place, format!("{value} is not given any more")));
    if before.values().is_some() && after.values().is_some() {
        is.difference(&was).for_each(|value| side.find(place, format!("{value} is given now")));
    }
}

/// Constraints that a request must satisfy and did not have to satisfy before.
fn bounds(side: &mut Side<'_>, place: &str, before: &Plain, after: &Plain) {
    for name in ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"] {
        let (was, is) = (before.number(name), after.number(name));
        if is.is_some_and(|is| was.is_none_or(|was| is > was)) {
            side.find(place, format!("{name} was {} and is {}", shown(before.rest.get(name)), shown(after.rest.get(name))));
        }
    }
    for name in ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"] {
        let (was, is) = (before.number(name), after.number(name));
        if is.is_some_and(|is| was.is_none_or(|was| is < was)) {
            side.find(place, format!("{name} was {} and is {}", shown(before.rest.get(name)), shown(after.rest.get(name))));
        }
    }
    for name in ["pattern", "multipleOf", "uniqueItems"] {
        let (was, is) = (before.rest.get(name), after.rest.get(name));
        if is.is_some() && was != is {
            side.find(place, format!("{name} was {} and is {}", shown(was), shown(is)));
        }
    }
    let (was, is) = (before.rest.get("default"), after.rest.get("default"));
    if was != is {
        side.find(place, format!("default was {} and is {}", shown(was), shown(is)));
    }
}

fn properties(side: &mut Side<'_>, place: &str, before: &Plain, after: &Plain) {
    for (name, was) in &before.properties {
        let place = format!("{place}/{name}");
        match after.properties.get(name) {
            Some(is) => compare(side, &place, was, is),
            None => side.find(&place, "is gone".to_owned()),
        }
    }
    match side.way {
        Direction::In => after.required.difference(&before.required).for_each(|name| {
            side.find(&format!("{place}/{name}"), "is required now".to_owned());
        }),
        Direction::Out => {
            let still_there = before.required.difference(&after.required).filter(|name| after.properties.contains_key(*name));
            still_there.for_each(|name| side.find(&format!("{place}/{name}"), "may be absent now".to_owned()));
        }
    }
}

pub fn shown(value: Option<&Json>) -> String {
    value.map_or_else(|| "none".to_owned(), ToString::to_string)
}
