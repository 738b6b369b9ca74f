//! The project's rules for schemas: concrete names, "X or null" as the only choice, typed maps, bounds everywhere.

use super::document::{Document, parts};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// The schemas of all responses or of all requests, at any depth, with their locations.
fn used_in(document: &Document, in_requests: bool) -> BTreeMap<String, &Json> {
    let (mut found, mut left) = (BTreeMap::new(), Vec::new());
    for (_, _, operation) in document.operations() {
        let bodies = document.bodies(operation).into_iter().filter(|(place, _)| place.contains(" request") == in_requests);
        left.extend(bodies.map(|(place, holder)| (place, &holder["schema"])));
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|_| in_requests) {
            left.push((format!("{} {}", operation["operationId"], parameter["name"]), &parameter["schema"]));
        }
    }
    while let Some((place, schema)) = left.pop() {
        let place = schema["$ref"].as_str().map_or(place, |target| target.rsplit('/').next().unwrap().to_owned());
        let schema = document.resolve(schema);
        if found.insert(place.clone(), schema).is_none() {
            left.extend(parts(schema).into_iter().map(|(part, inner)| (format!("{place}{part}"), inner)));
        }
    }
    found
}

#[test]
fn a_response_may_have_values_that_its_client_does_not_know() {
    let document = Document::new();
    let mut walked = BTreeSet::new();
    for (place, schema) in used_in(&document, false) {
        let is_closed = ["enum", "const", "x-enum-varnames"].iter().any(|word| schema.get(word).is_some());
        assert!(!is_closed, "{place} is a closed set: a client would refuse a page with a new value");
        let Some(known) = schema["x-extensible-enum"].as_array() else { continue };
        let described = schema["description"].as_str().unwrap();
        assert!(known.iter().all(|value| described.contains(&format!("`{}`", value.as_str().unwrap()))), "{place}");
        assert!(is(schema, "string") && schema["maxLength"] == 64 && known.contains(&schema["examples"][0]), "{place}");
        walked.insert(place);
    }
    for (owner, field, open) in [
        ("AuditEntry", "action_type", "AnyAuditAction"),
        ("AuditEntry", "category", "AnyAuditCategory"),
        ("AuditEntry", "outcome", "AnyAuditOutcome"),
        ("AuditEntry", "source", "AnyAuditSource"),
        ("Alert", "kind", "AlertKind"),
        ("Problem", "code", "ProblemCode"),
        ("JobDetail", "job_name", "AnyJobName"),
        ("UserSummary", "role", "AnyRole"),
    ] {
        let schema = &document.json["components"]["schemas"][owner]["properties"][field];
        assert_eq!(schema["$ref"], json!(format!("#/components/schemas/{open}")), "{owner}/{field}");
        assert!(walked.contains(open), "{open}");
    }
    assert!(walked.contains("Problem/quota"), "{walked:?}");
}

#[test]
fn a_list_of_such_values_may_become_longer() {
    let document = Document::new();
    for (place, schema) in used_in(&document, false).into_iter().filter(|(_, schema)| is(schema, "array")) {
        if document.resolve(&schema["items"]).get("x-extensible-enum").is_some() {
            assert_eq!(schema["maxItems"], 100, "{place}");
        }
    }
}

#[test]
fn a_request_takes_known_values_only() {
    let document = Document::new();
    let schemas = &document.json["components"]["schemas"];
    let mut split = 0;
    for (place, schema) in used_in(&document, true) {
        assert!(schema.get("x-extensible-enum").is_none(), "{place} is used in requests");
        let open = &schemas[format!("Any{place}")];
        if open.is_object() {
            assert_eq!(open["x-extensible-enum"], schema["enum"], "{place}");
            split += 1;
        }
    }
    assert!(split > 15, "{split}");
}
