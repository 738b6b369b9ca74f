//! The bounds of what declares none: of a number those of its format, and of the integers that every JSON reader parses exactly;
//! of a list of words the number of words, as in `wire::fields::at_most_all`; of a list with an item per action that
//! of a list of values that a later version may add to; of some lists in requests the constant that their rule names.

use super::each;
use super::values::LIST_MAX;
use crate::ingest::{IngestCreditReset, RESETS_MAX};
use crate::reports::{EVENT_TYPES_MAX, EventType};
use crate::wire::fields::{EXACT_MAX, number_of_words};
use std::collections::BTreeMap;
use utoipa::openapi::schema::{AdditionalProperties, Array, ArrayItems, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi as Contract, RefOr, Schema};
use utoipa::{Number, ToSchema};

/// The type of the items of a list with at most one item per action.
const PER_ACTION: &str = "ActionTypeCount";

/// The maximum length of a list by the name of its items' type.
type Lengths = BTreeMap<String, usize>;

/// Gives each number its bounds, each integer its format, and each list of words its length.
pub fn apply(contract: &mut Contract) {
    let schemas = &mut contract.components.get_or_insert_default().schemas;
    let words = schemas.iter().filter_map(|(name, schema)| Some((name.clone(), number_of_words(schema)?)));
    // The later ones replace the number of words.
    let lengths = words.chain([
        (PER_ACTION.to_owned(), LIST_MAX),
        (EventType::name().into_owned(), length(EVENT_TYPES_MAX)),
        (IngestCreditReset::name().into_owned(), length(RESETS_MAX)),
    ]);
    let lengths = lengths.collect();
    schemas.values_mut().for_each(|schema| bound(schema, &lengths));
    for declared in each(contract) {
        for parameter in declared.operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && let Some(RefOr::T(Schema::Array(list))) = &mut parameter.schema
            {
                bound_list(list, &lengths);
            }
        }
    }
}

fn bound(schema: &mut RefOr<Schema>, lengths: &Lengths) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => bound_object(object, lengths),
        Schema::Array(list) => {
            bound_list(list, lengths);
            if let ArrayItems::RefOrSchema(items) = &mut list.items {
                bound(items, lengths);
            }
        }
        Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(|item| bound(item, lengths)),
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(|item| bound(item, lengths)),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(|item| bound(item, lengths)),
        _ => {}
    }
}

fn bound_list(list: &mut Array, lengths: &Lengths) {
    if let ArrayItems::RefOrSchema(items) = &list.items
        && let RefOr::Ref(reference) = items.as_ref()
        && let Some(name) = reference.ref_location.rsplit('/').next()
    {
        list.max_items = list.max_items.or(lengths.get(name).copied());
    }
}

fn bound_object(object: &mut Object, lengths: &Lengths) {
    if is(&object.schema_type, &Type::Integer) {
        let format = object.format.get_or_insert(SchemaFormat::KnownFormat(KnownFormat::Int64));
        let max = if *format == SchemaFormat::KnownFormat(KnownFormat::Int32) { i32::MAX.into() } else { EXACT_MAX };
        object.minimum.get_or_insert(number(-max));
        object.maximum.get_or_insert(number(max));
    }
    object.properties.values_mut().for_each(|property| bound(property, lengths));
    if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
        bound(values, lengths);
    }
}

/// A rule's number as the length of a list.
fn length(max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}

/// A bound of an integer.
pub fn number(bound: i64) -> Number {
    isize::try_from(bound).map_or(Number::Float(f64::MAX), Number::Int)
}

fn is(schema_type: &SchemaType, wanted: &Type) -> bool {
    match schema_type {
        SchemaType::Type(known) => known == wanted,
        SchemaType::Array(known) => known.contains(wanted),
        SchemaType::AnyValue => false,
    }
}
