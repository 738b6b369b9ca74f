//! The contract as a document: access to the parts of its JSON.

use jsonschema::Validator;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The contract, as read from its file.
pub struct Document {
    pub json: Json,
    validators: HashMap<String, Validator>,
}

/// An example with its schema.
pub struct Shown {
    pub place: String,
    pub schema: Json,
    pub example: Json,
}

impl Document {
    pub fn new() -> Self {
        let text = api::openapi::texts(&api::openapi::contract()).unwrap().json;
        Self { json: serde_json::from_slice(&text).unwrap(), validators: HashMap::new() }
    }

    /// The same, but with closed sets in place of the values that a later version may add to: for what this version says.
    pub fn of_this_version() -> Self {
        let mut document = Self::new();
        close(&mut document.json);
        document
    }

    /// Follows a reference, if it is one.
    pub fn resolve<'a>(&'a self, value: &'a Json) -> &'a Json {
        match value["$ref"].as_str() {
            Some(reference) => self.json.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} leads nowhere")),
            None => value,
        }
    }

    /// The violations of a schema, as text.
    pub fn faults(&mut self, schema: &Json, value: &Json) -> Vec<String> {
        let components = &self.json["components"];
        let validator = self.validators.entry(schema.to_string()).or_insert_with(|| {
            let whole =
                json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": components});
            jsonschema::options().should_validate_formats(true).build(&whole).unwrap_or_else(|error| panic!("{schema}: {error}"))
        });
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// Every operation: path, method and definition.
    pub fn operations(&self) -> Vec<(&str, &str, &Json)> {
        let paths = self.json["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, item)| {
                item.as_object().unwrap().iter().map(move |(method, said)| (path.as_str(), method.as_str(), said))
            })
            .collect()
    }

    /// The definition of an operation.
    pub fn operation(&self, id: &str) -> &Json {
        let found = self.operations().into_iter().map(|(.., said)| said).find(|said| said["operationId"] == id);
        found.unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// The bodies of an operation and of its responses: the location, and the media type object.
    pub fn bodies<'a>(&'a self, operation: &'a Json) -> Vec<(String, &'a Json)> {
        let id = operation["operationId"].as_str().unwrap();
        let mut holders = vec![(format!("{id} request"), &operation["requestBody"])];
        holders.extend(
            operation["responses"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(status, response)| (format!("{id} {status}"), self.resolve(response))),
        );
        let contents = |(place, holder): (String, &'a Json)| {
            let kinds = holder["content"].as_object().into_iter().flatten();
            kinds.map(move |(kind, content)| (format!("{place} {kind}"), content)).collect::<Vec<_>>()
        };
        holders.into_iter().flat_map(contents).collect()
    }

    /// The examples of a media type object or parameter, each on its own.
    pub fn examples(&self, holder: &Json) -> Vec<Json> {
        let named =
            holder["examples"].as_object().into_iter().flatten().map(|(_, example)| self.resolve(example)["value"].clone());
        holder.get("example").cloned().into_iter().chain(named).collect()
    }

    /// Every example of the document with the schema it must match.
    pub fn shown(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for (_, _, operation) in self.operations() {
            let id = operation["operationId"].as_str().unwrap();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters = parameters.map(|parameter| (format!("{id} {}", parameter["name"]), parameter));
            for (place, holder) in parameters.chain(self.bodies(operation)) {
                shown.extend(self.examples(holder).into_iter().map(|example| Shown {
                    place: place.clone(),
                    schema: holder["schema"].clone(),
                    example,
                }));
            }
        }
        for (name, schema) in self.json["components"]["schemas"].as_object().unwrap() {
            shown_in(schema, name, &mut shown);
        }
        for (name, header) in self.json["components"]["headers"].as_object().unwrap() {
            shown.push(Shown { place: name.clone(), schema: header["schema"].clone(), example: header["example"].clone() });
        }
        shown
    }
}

fn close(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            if let Some(known) = fields.get("x-extensible-enum").cloned() {
                fields.insert("enum".to_owned(), known);
            }
            fields.values_mut().for_each(close);
        }
        Json::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The examples inside a schema, and in its parts.
fn shown_in(schema: &Json, place: &str, shown: &mut Vec<Shown>) {
    let examples = schema.get("example").into_iter().chain(schema["examples"].as_array().into_iter().flatten());
    let default = schema.get("default");
    shown.extend(examples.chain(default).map(|example| Shown {
        place: place.to_owned(),
        schema: schema.clone(),
        example: example.clone(),
    }));
    for (part, inner) in parts(schema) {
        shown_in(inner, &format!("{place}{part}"), shown);
    }
}

/// The parts of a schema, with their locations.
pub fn parts(schema: &Json) -> Vec<(String, &Json)> {
    let properties = schema["properties"].as_object().into_iter().flatten().map(|(name, inner)| (format!("/{name}"), inner));
    let several = ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|kind| {
        schema[kind].as_array().into_iter().flatten().enumerate().map(move |(index, inner)| (format!("/{kind}/{index}"), inner))
    });
    let inside = ["items", "additionalProperties"]
        .into_iter()
        .filter_map(|kind| Some((format!("/{kind}"), schema.get(kind).filter(|inner| inner.is_object())?)));
    properties.chain(several).chain(inside).collect()
}
