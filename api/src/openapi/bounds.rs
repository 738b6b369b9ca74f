//! The bounds of numbers that declare none: those of their format, and of the integers that every JSON reader parses exactly.

use utoipa::Number;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi as Contract, RefOr, Schema};

/// 2^53 - 1: beyond it, a reader that parses numbers as doubles loses precision.
const EXACT_MAX: isize = 9_007_199_254_740_991;
const INT32_MAX: isize = 2_147_483_647;

/// Gives each number its bounds, and each integer its format.
pub fn apply(contract: &mut Contract) {
    for schema in contract.components.get_or_insert_default().schemas.values_mut() {
        bound(schema);
    }
}

fn bound(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => bound_object(object),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                bound(items);
            }
        }
        Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(bound),
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(bound),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(bound),
        _ => {}
    }
}

fn bound_object(object: &mut Object) {
    if is(&object.schema_type, &Type::Integer) {
        let format = object.format.get_or_insert(SchemaFormat::KnownFormat(KnownFormat::Int64));
        let max = if *format == SchemaFormat::KnownFormat(KnownFormat::Int32) { INT32_MAX } else { EXACT_MAX };
        object.minimum.get_or_insert(Number::Int(-max));
        object.maximum.get_or_insert(Number::Int(max));
    }
    object.properties.values_mut().for_each(bound);
    if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
        bound(values);
    }
}

fn is(schema_type: &SchemaType, wanted: &Type) -> bool {
    match schema_type {
        SchemaType::Type(known) => known == wanted,
        SchemaType::Array(known) => known.contains(wanted),
        SchemaType::AnyValue => false,
    }
}
