//! The project's rules for schemas: concrete names, "X or null" as the only choice, typed maps, bounds everywhere.

use super::document::{Document, parts};
use serde_json::Value as Json;

/// Every schema, with its location: of components, parameters, bodies and headers.
fn every_schema(document: &Document) -> Vec<(String, &Json)> {
    let components = &document.json["components"];
    let mut roots: Vec<(String, &Json)> =
        components["schemas"].as_object().unwrap().iter().map(|(name, schema)| (name.clone(), schema)).collect();
    roots.extend(components["headers"].as_object().unwrap().iter().map(|(name, header)| (name.clone(), &header["schema"])));
    for (_, _, operation) in document.operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        roots.extend(
            parameters.map(|parameter| (format!("{} {}", operation["operationId"], parameter["name"]), &parameter["schema"])),
        );
    }
    let mut all = Vec::new();
    while let Some((place, schema)) = roots.pop() {
        roots.extend(parts(schema).into_iter().map(|(part, inner)| (format!("{place}{part}"), inner)));
        all.push((place, schema));
    }
    all
}

fn is(schema: &Json, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|known| known == kind))
}

#[test]
fn the_only_choice_is_x_or_null() {
    let document = Document::new();
    for (place, schema) in every_schema(&document) {
        assert!(schema.get("anyOf").is_none(), "{place}");
        let Some(choices) = schema["oneOf"].as_array() else { continue };
        let nulls = choices.iter().filter(|choice| choice["type"] == "null").count();
        assert_eq!((choices.len(), nulls), (2, 1), "{place}");
    }
}

#[test]
fn every_text_number_and_list_has_its_bounds() {
    let document = Document::new();
    let mut unbounded = Vec::new();
    for (place, schema) in every_schema(&document) {
        let is_closed = ["enum", "const", "maxLength"].iter().any(|bound| schema.get(bound).is_some());
        let is_fixed = ["date", "uuid", "date-time"].iter().any(|format| schema["format"] == *format);
        let is_number = is(schema, "integer") || is(schema, "number");
        let is_bounded = match () {
            () if is(schema, "string") => is_closed || is_fixed,
            () if is_number => schema.get("minimum").is_some() && schema.get("maximum").is_some(),
            () if is(schema, "array") => schema.get("maxItems").is_some() && schema.get("items").is_some(),
            () => true,
        };
        if !is_bounded || (is(schema, "integer") && schema.get("format").is_none()) {
            unbounded.push(place);
        }
    }
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}

#[test]
fn every_object_declares_its_content() {
    let document = Document::new();
    for (place, schema) in every_schema(&document) {
        let says_what = ["properties", "additionalProperties"].iter().any(|part| schema.get(part).is_some());
        assert!(!is(schema, "object") || says_what, "{place}");
        // Any JSON at all, as for the values of a map or a change.
        let is_anything = ["type", "enum", "oneOf", "allOf", "$ref"].iter().all(|kind| schema.get(kind).is_none());
        assert!(!is_anything || schema["description"].is_string() || place.ends_with("/additionalProperties"), "{place}");
    }
}

#[test]
fn a_request_allows_no_field_that_it_does_not_list() {
    let document = Document::new();
    let mut open = Vec::new();
    for (_, _, operation) in document.operations() {
        let requests = document.bodies(operation).into_iter().filter(|(place, _)| place.contains(" request"));
        let mut left: Vec<(String, &Json)> = requests.map(|(place, holder)| (place, &holder["schema"])).collect();
        assert_eq!(left.is_empty(), operation.get("requestBody").is_none(), "{}", operation["operationId"]);
        while let Some((place, schema)) = left.pop() {
            let schema = document.resolve(schema);
            if schema.get("properties").is_some() && schema["additionalProperties"] != false {
                open.push(place.clone());
            }
            left.extend(parts(schema).into_iter().map(|(part, inner)| (format!("{place}{part}"), inner)));
        }
    }
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn every_schema_has_a_description_and_a_specific_name() {
    let document = Document::new();
    for (name, schema) in document.json["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].as_str().is_some_and(|says| !says.is_empty()), "{name}");
        let generic =
            name.contains('_') || ["Case", "Error", "Option", "Result", "List", "Page", "Data"].contains(&name.as_str());
        assert!(!generic, "{name}: a name that generators change, or that says nothing");
    }
}
