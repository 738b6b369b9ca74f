//! Which schemas requests and responses use.

use serde_json::Value as Json;
use std::collections::BTreeSet;

const SCHEMAS: &str = "#/components/schemas/";

/// The names of the schemas that the given parts of all operations use, at any depth; a part is `requestBody`, `parameters` or
/// `responses`.
pub fn schemas_in(contract: &Json, parts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Json> = contract.pointer("/paths").into_iter().flat_map(|paths| parts_of(paths, parts)).collect();
    while let Some(value) = open.pop() {
        for target in targets(value) {
            let place = contract.pointer(target.trim_start_matches('#'));
            if let (true, Some(value)) = (found.insert(target), place) {
                open.push(value);
            }
        }
    }
    found.into_iter().filter_map(|target| target.strip_prefix(SCHEMAS)).map(str::to_owned).collect()
}

/// The name of the schema that a reference leads to.
pub fn name_of(target: &str) -> Option<&str> {
    target.strip_prefix(SCHEMAS)
}

/// The reference to a schema.
pub fn place_of(name: &str) -> String {
    format!("{SCHEMAS}{name}")
}

fn parts_of<'a>(paths: &'a Json, parts: &[&str]) -> Vec<&'a Json> {
    let items = paths.as_object().into_iter().flat_map(|items| items.values());
    let operations = items.filter_map(Json::as_object).flat_map(|item| item.values());
    operations.flat_map(|operation| parts.iter().filter_map(|part| operation.get(*part))).collect()
}

/// The targets of the references inside a value.
fn targets(value: &Json) -> Vec<&str> {
    match value {
        Json::Object(fields) => {
            let own = fields.get("$ref").and_then(Json::as_str);
            own.into_iter().chain(fields.values().flat_map(targets)).collect()
        }
        Json::Array(items) => items.iter().flat_map(targets).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    }
}
