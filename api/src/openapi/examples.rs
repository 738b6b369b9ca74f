//! Examples where people and tools look for them: at each request body, each response and each parameter.

use super::each;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder};
use utoipa::openapi::{Content, OpenApi as Contract, Ref, RefOr, Schema};

/// Adds the example of each schema wherever a body uses it, and an example to each parameter.
pub fn apply(contract: &mut Contract) {
    let schemas = SchemasByName(json!(contract.components.as_ref().map(|components| &components.schemas)));
    let mut shown = BTreeMap::new();
    for declared in each(contract) {
        for parameter in declared.operation.parameters.iter_mut().flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            show_parameter(parameter, &schemas);
        }
        for content in contents(declared.operation) {
            if let Some((name, example)) = schemas.example_for(content) {
                let place = Ref::new(format!("#/components/examples/{name}"));
                content.examples.insert(name.clone(), RefOr::Ref(place));
                shown.insert(name, example);
            }
        }
    }
    let components = contract.components.get_or_insert_default();
    for (name, example) in shown {
        // The example is now at the bodies, and once is enough.
        if let Some(RefOr::T(schema)) = components.schemas.get_mut(&name) {
            take_example(schema);
        }
        components.examples.insert(name, ExampleBuilder::new().value(Some(example)).into());
    }
}

/// The request and response bodies of an operation.
fn contents(operation: &mut Operation) -> Vec<&mut Content> {
    let mut contents = Vec::new();
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        contents.extend(body.content.values_mut());
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            contents.extend(response.content.values_mut());
        }
    }
    contents.into_iter().filter_map(own).collect()
}

fn own(content: &mut RefOr<Content>) -> Option<&mut Content> {
    match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    }
}

fn show_parameter(parameter: &mut Parameter, schemas: &SchemasByName) {
    let declared = json!(parameter);
    if declared.get("example").is_none() {
        let example = schemas.value(&json!(parameter.schema));
        *parameter = ParameterBuilder::from(parameter.clone()).example(example).build();
    }
}

fn take_example(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => object.example = None,
        Schema::AllOf(all_of) => all_of.example = None,
        _ => {}
    }
}

/// The schemas by their names.
struct SchemasByName(Json);

impl SchemasByName {
    /// The example of a body's schema, and the name of the schema.
    fn example_for(&self, content: &Content) -> Option<(String, Json)> {
        if content.example.is_some() || !content.examples.is_empty() {
            return None;
        }
        let Some(RefOr::Ref(reference)) = &content.schema else { return None };
        let name = reference.ref_location.rsplit('/').next()?;
        Some((name.to_owned(), self.named(name)?))
    }

    /// A schema's own example; the example of a list is a page with the example of a row.
    fn named(&self, name: &str) -> Option<Json> {
        let schema = self.0.get(name)?;
        let of_page = || {
            let row = self.value(schema.pointer("/properties/data/items")?)?;
            let page = self.value(schema.pointer("/properties/page")?)?;
            Some(json!({"data": [row], "page": page}))
        };
        schema.get("example").cloned().or_else(of_page)
    }

    /// A value of a schema: its example, its default, the first of its enum values, or one of its type.
    fn value(&self, schema: &Json) -> Option<Json> {
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let name = reference.rsplit('/').next()?;
            return self.named(name).or_else(|| self.value(self.0.get(name)?));
        }
        let shown = ["/example", "/examples/0", "/default", "/enum/0"].iter().find_map(|place| schema.pointer(place));
        let of_type = || match (schema.get("type")?.as_str()?, schema.get("format").and_then(Json::as_str)) {
            ("array", _) => Some(json!([self.value(schema.get("items")?)?])),
            ("boolean", _) => Some(json!(true)),
            ("string", Some("uuid")) => Some(json!("01a20725-be30-7584-bca5-f00e655c90d6")),
            ("string", Some("date")) => Some(json!("2026-12-15")),
            _ => None,
        };
        shown.cloned().or_else(of_type)
    }
}
