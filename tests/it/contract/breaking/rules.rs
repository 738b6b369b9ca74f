//! What would break a client of the old contract with the new one. Pure: two documents in, findings out.

use super::schemas::{compare, resolved, shown};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The direction of a schema: what the service accepts may only be extended, what it returns may only be narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

/// A comparison in progress.
pub struct Side<'a> {
    pub old: &'a Json,
    pub new: &'a Json,
    pub way: Direction,
    found: &'a mut Vec<String>,
    /// References that are being followed: a schema may contain itself.
    inside: Vec<(String, String)>,
}

impl<'a> Side<'a> {
    fn new(old: &'a Json, new: &'a Json, way: Direction, found: &'a mut Vec<String>) -> Self {
        Self { old, new, way, found, inside: Vec::new() }
    }

    pub fn find(&mut self, place: &str, what: String) {
        self.found.push(format!("{place}: {what}"));
    }

    /// Returns false if these two are already being compared.
    pub fn enter(&mut self, old: &Json, new: &Json) -> bool {
        let name = |schema: &Json| schema["$ref"].as_str().unwrap_or_default().to_owned();
        let pair = (name(old), name(new));
        let is_new = pair.0.is_empty() || !self.inside.contains(&pair);
        if is_new {
            self.inside.push(pair);
        }
        is_new
    }

    pub fn leave(&mut self) {
        self.inside.pop();
    }
}

/// Everything that was removed or narrowed from one document to the other.
pub fn breaks(old: &Json, new: &Json) -> Vec<String> {
    let mut found = Vec::new();
    for ((path, method), before) in operations(old) {
        let place = format!("{} {path}", method.to_uppercase());
        match new["paths"][path][method].is_object() {
            true => Pair { old, new, before, after: &new["paths"][path][method], place }.compare(&mut found),
            false => found.push(format!("{place}: is gone")),
        }
    }
    found
}

fn operations(document: &Json) -> BTreeMap<(&str, &str), &Json> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten().filter(|(_, operation)| operation["responses"].is_object());
        methods.map(move |(method, operation)| ((path.as_str(), method.as_str()), operation))
    });
    each.collect()
}

/// One operation in both documents.
struct Pair<'a> {
    old: &'a Json,
    new: &'a Json,
    before: &'a Json,
    after: &'a Json,
    place: String,
}

impl Pair<'_> {
    fn compare(&self, found: &mut Vec<String>) {
        if self.before["operationId"] != self.after["operationId"] {
            let (was, is) = (shown(self.before.get("operationId")), shown(self.after.get("operationId")));
            found.push(format!("{}: was called {was} and is called {is}", self.place));
        }
        self.security(found);
        self.parameters(found);
        self.body(found);
        self.answers(found);
    }

    /// Each alternative that was sufficient must still be sufficient.
    fn security(&self, found: &mut Vec<String>) {
        let after = ways_in(self.new, self.after);
        for way in ways_in(self.old, self.before) {
            if !after.iter().any(|enough| enough.is_subset(&way)) {
                let way =
                    if way.is_empty() { "no credentials".to_owned() } else { way.into_iter().collect::<Vec<_>>().join(" and ") };
                found.push(format!("{}: {way} are not enough any more", self.place));
            }
        }
    }

    fn parameters(&self, found: &mut Vec<String>) {
        let (before, after) = (parameters(self.old, self.before), parameters(self.new, self.after));
        for (name, was) in &before {
            let place = format!("{} {}", self.place, name);
            let Some(is) = after.get(name) else {
                found.push(format!("{place}: is gone"));
                continue;
            };
            if is["required"] == true && was["required"] != true {
                found.push(format!("{place}: is required now"));
            }
            for how in ["style", "explode"] {
                if was[how] != is[how] {
                    found.push(format!("{place}: {how} was {} and is {}", shown(was.get(how)), shown(is.get(how))));
                }
            }
            let mut side = Side::new(self.old, self.new, Direction::In, found);
            compare(&mut side, &place, &was["schema"], &is["schema"]);
        }
        let new = after.iter().filter(|(name, parameter)| parameter["required"] == true && !before.contains_key(*name));
        found.extend(new.map(|(name, _)| format!("{} {name}: is required now", self.place)));
    }

    fn body(&self, found: &mut Vec<String>) {
        let (was, is) = (resolved(self.old, &self.before["requestBody"]), resolved(self.new, &self.after["requestBody"]));
        let place = format!("{} body", self.place);
        match (was.is_object(), is.is_object()) {
            (true, false) => found.push(format!("{place}: is gone")),
            (_, true) if is["required"] == true && was["required"] != true => found.push(format!("{place}: is required now")),
            _ => {}
        }
        if is.is_object() {
            self.contents(Direction::In, &place, (was, is), found);
        }
    }

    fn answers(&self, found: &mut Vec<String>) {
        for (status, was) in self.before["responses"].as_object().into_iter().flatten() {
            let place = format!("{} {status}", self.place);
            let was = resolved(self.old, was);
            let Some(is) = self.after["responses"].get(status).map(|is| resolved(self.new, is)) else {
                found.push(format!("{place}: is gone"));
                continue;
            };
            for name in was["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
                if is["headers"].get(name).is_none() {
                    found.push(format!("{place} header {name}: is gone"));
                }
            }
            self.contents(Direction::Out, &place, (was, is), found);
        }
    }

    /// The bodies of both documents, by media type.
    fn contents(&self, way: Direction, place: &str, (was, is): (&Json, &Json), found: &mut Vec<String>) {
        for (kind, was) in was["content"].as_object().into_iter().flatten() {
            match is["content"].get(kind) {
                None => found.push(format!("{place} {kind}: is gone")),
                Some(is) => compare(&mut Side::new(self.old, self.new, way, found), place, &was["schema"], &is["schema"]),
            }
        }
    }
}

/// The alternatives, each a set of schemes with their scopes; an empty set allows anyone.
fn ways_in(document: &Json, operation: &Json) -> Vec<BTreeSet<String>> {
    let declared = operation.get("security").or_else(|| document.get("security")).and_then(Json::as_array);
    let Some(declared) = declared.filter(|declared| !declared.is_empty()) else { return vec![BTreeSet::new()] };
    declared.iter().map(schemes).collect()
}

fn schemes(alternative: &Json) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (scheme, scopes) in alternative.as_object().into_iter().flatten() {
        names.insert(scheme.clone());
        names.extend(scopes.as_array().into_iter().flatten().filter_map(Json::as_str).map(|scope| format!("{scheme}:{scope}")));
    }
    names
}

/// By location and name; parameters of a path item are handled by utoipa and never used here.
fn parameters<'a>(document: &'a Json, operation: &'a Json) -> BTreeMap<String, &'a Json> {
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| resolved(document, parameter));
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    parameters.map(|parameter| (format!("{} {}", text(&parameter["in"]), text(&parameter["name"])), parameter)).collect()
}
