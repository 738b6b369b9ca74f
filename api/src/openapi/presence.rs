//! Required and optional fields, declared so that a generated client has no superfluous cases.

use super::reach::schemas_in;
use serde_json::{Value as Json, json};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// A response omits no field, it is null where there is no value; utoipa declares every `Option` as a field that may be missing.
///
/// A field that a request omits has a default that its description states; openapi-typescript requires a field that declares one.
pub fn apply(contract: &mut OpenApi) {
    let asked = schemas_in(&json!(contract), &["requestBody"]);
    for (name, schema) in contract.components.iter_mut().flat_map(|components| &mut components.schemas) {
        match asked.contains(name) {
            true => drop_defaults(schema),
            false => require(schema),
        }
    }
}

fn drop_defaults(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    for property in object.properties.values_mut() {
        match property {
            RefOr::T(Schema::Object(property)) => property.default = None,
            RefOr::T(Schema::Array(property)) => property.default = None,
            RefOr::T(Schema::OneOf(property)) => property.default = None,
            RefOr::T(_) | RefOr::Ref(_) => {}
        }
    }
}

fn require(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            let there = |name: &String, property: &RefOr<Schema>| object.required.contains(name) || is_nullable(property);
            object.required =
                object.properties.iter().filter(|(name, property)| there(name, property)).map(|(name, _)| name.clone()).collect();
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(require),
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

fn is_nullable(property: &RefOr<Schema>) -> bool {
    let property = json!(property);
    let is_null = |kind: &Json| kind == "null";
    let listed = |key: &str| property.get(key).and_then(Json::as_array).into_iter().flatten();
    let is_or_null = |key: &str| listed(key).filter_map(|item| item.get("type")).any(is_null);
    listed("type").any(is_null) || is_or_null("oneOf") || is_or_null("anyOf")
}
