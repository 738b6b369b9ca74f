//! Sets of values in responses, such as action types and error codes: a request takes a closed set, but a later version may
//! respond with values that a client does not know. A client generated from a closed set would refuse the whole response for one
//! of them, so in responses such a value is a text whose known values are listed.

use super::reach::{name_of, place_of, schemas_in};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{AdditionalProperties, Array, ArrayItems, Object};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// Where the known values are listed, by their name in Zalando's guidelines, which linters and documentation tools know.
const KNOWN: &str = "x-extensible-enum";
/// The names of a closed set's values, which have no meaning for a text.
const NAMES: &str = "x-enum-varnames";
/// The longest value that a later version may add.
const LENGTH_MAX: usize = 64;
/// The longest list of such values, and of objects with one each.
pub const LIST_MAX: usize = 100;

/// Opens the sets of values in responses. A set that requests take too remains closed for them under its name `X`; in responses
/// it is `AnyX`.
pub fn apply(contract: &mut OpenApi) {
    let document = json!(contract);
    let asked = schemas_in(&document, &["requestBody", "parameters"]);
    let answered = schemas_in(&document, &["responses"]);
    let schemas = &mut contract.components.get_or_insert_default().schemas;
    let closed = schemas.iter().filter(|(name, schema)| answered.contains(*name) && is_closed(schema));
    let closed: BTreeSet<String> = closed.map(|(name, _)| name.clone()).collect();
    let sets = Sets { split: closed.intersection(&asked).cloned().collect(), closed };
    let copies: Vec<_> = sets.split.iter().filter_map(|name| Some((any(name), schemas.get(name)?.clone()))).collect();
    for (name, mut copy) in copies {
        sets.open(&mut copy);
        schemas.insert(name, copy);
    }
    let given = schemas.iter_mut().filter(|(name, _)| answered.contains(*name) && !asked.contains(*name));
    given.for_each(|(_, schema)| sets.open(schema));
}

fn any(name: &str) -> String {
    format!("Any{name}")
}

fn is_closed(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.enum_values.is_some())
}

/// The names of the closed sets in responses.
struct Sets {
    closed: BTreeSet<String>,
    /// Those that requests take too.
    split: BTreeSet<String>,
}

impl Sets {
    /// Opens what is closed in a response's schema, at any depth.
    fn open(&self, schema: &mut RefOr<Schema>) {
        let schema = match schema {
            RefOr::Ref(reference) => {
                if let Some(name) = name_of(&reference.ref_location).filter(|name| self.split.contains(*name)) {
                    reference.ref_location = place_of(&any(name));
                }
                return;
            }
            RefOr::T(schema) => schema,
        };
        match schema {
            Schema::Object(object) => self.open_object(object),
            Schema::Array(list) => self.open_list(list),
            Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(|item| self.open(item)),
            Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(|item| self.open(item)),
            Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(|item| self.open(item)),
            _ => {}
        }
    }

    fn open_object(&self, object: &mut Object) {
        if let Some(values) = object.enum_values.take() {
            open_values(object, values.into_iter().filter(|value| !value.is_null()).collect());
        }
        object.properties.values_mut().for_each(|property| self.open(property));
        if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
            self.open(values);
        }
    }

    /// A list of such values may become longer than the number of those that are known now.
    fn open_list(&self, list: &mut Array) {
        let ArrayItems::RefOrSchema(items) = &mut list.items else { return };
        let is_of_values = match items.as_ref() {
            RefOr::Ref(reference) => name_of(&reference.ref_location).is_some_and(|name| self.closed.contains(name)),
            items => is_closed(items),
        };
        if is_of_values {
            list.max_items = Some(LIST_MAX);
        }
        self.open(items);
    }
}

fn open_values(object: &mut Object, values: Vec<Json>) {
    let named: Vec<String> = values.iter().filter_map(Json::as_str).map(|value| format!("`{value}`")).collect();
    let meaning = object.description.take().filter(|meaning| !meaning.is_empty());
    let meaning = meaning.map(|meaning| format!("{}. ", meaning.trim_end_matches('.'))).unwrap_or_default();
    let known = named.join(", ");
    object.description = Some(format!("{meaning}Known values: {known}. A later version may add values"));
    object.max_length = Some(LENGTH_MAX);
    if object.example.is_none() && object.examples.is_empty() {
        object.examples.extend(values.first().cloned());
    }
    let extensions = object.extensions.get_or_insert_default();
    extensions.remove(NAMES);
    extensions.merge(ExtensionsBuilder::new().add(KNOWN, Json::Array(values)).build());
}
