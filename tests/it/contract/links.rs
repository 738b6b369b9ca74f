//! What a response links to as a next step is possible with the data of that response.

use super::document::Document;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

#[test]
fn each_link_names_an_existing_operation_and_its_parameters() {
    let mut document = Document::new();
    let links = links(&document);
    assert!(links.len() > 80, "{}", links.len());
    let mut followed = BTreeSet::new();
    for Link { place, said, example } in links {
        let target = said["operationId"].as_str().unwrap();
        let operations = document.operations();
        let operation = operations.iter().map(|(.., operation)| *operation).find(|operation| operation["operationId"] == target);
        let operation = operation.unwrap_or_else(|| panic!("{place} leads to {target}, which is none")).clone();
        for (name, expression) in said["parameters"].as_object().into_iter().flatten() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameter = parameters.clone().find(|parameter| parameter["name"] == *name);
            let parameter = parameter.unwrap_or_else(|| panic!("{place}: {target} has no {name}"));
            let value = value(&document, expression, &example)
                .unwrap_or_else(|| panic!("{place}: {expression} is nowhere in the example"));
            let faults = document.faults(&parameter["schema"], &value);
            assert!(faults.is_empty(), "{place} {name}: {faults:?}");
        }
        let required = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["required"] == true && parameter["in"] == "path");
        for parameter in required {
            assert!(
                said["parameters"].get(parameter["name"].as_str().unwrap()).is_some(),
                "{place} leaves {} open",
                parameter["name"]
            );
        }
        for (field, expression) in said["requestBody"].as_object().into_iter().flatten() {
            let body = operation["requestBody"]["content"]["application/json"]["schema"].clone();
            let value = value(&document, expression, &example).unwrap();
            let faults = document.faults(&body, &json!({field: value}));
            assert!(faults.is_empty(), "{place} {field}: {faults:?}");
        }
        followed.insert(target.to_owned());
    }
    for step in [
        "submit_case",
        "accept_case",
        "hold_case",
        "resume_case",
        "complete_case",
        "approve_review",
        "release_case",
        "resubmit_case",
    ] {
        assert!(followed.contains(step), "nothing leads to {step}");
    }
}

struct Link {
    place: String,
    said: Json,
    example: Json,
}

/// Every link of every response, with the response's example.
fn links(document: &Document) -> Vec<Link> {
    let mut links = Vec::new();
    for (_, _, operation) in document.operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = document.resolve(response);
            let content = response["content"].as_object().and_then(|contents| contents.values().next());
            let example = content.and_then(|content| document.examples(content).into_iter().next()).unwrap_or_default();
            for (name, said) in response["links"].as_object().into_iter().flatten() {
                let place = format!("{} {status} {name}", operation["operationId"]);
                links.push(Link { place, said: said.clone(), example: example.clone() });
            }
        }
    }
    links
}

/// The value of a runtime expression: a location in the example of the body, or the example of a header.
fn value(document: &Document, expression: &Json, example: &Json) -> Option<Json> {
    let expression = expression.as_str()?;
    match expression.strip_prefix("$response.body#") {
        Some(pointer) => example.pointer(pointer).filter(|value| !value.is_null()).cloned(),
        None if expression == "$response.header.ETag" => {
            Some(document.json["components"]["headers"]["EntityTag"]["example"].clone())
        }
        None => None,
    }
}
