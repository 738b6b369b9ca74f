//! The bounds of numbers that declare none: those of their format, and of the integers that every JSON reader parses exactly; and
//! of lists with at most one item per action of the audit log.

use entity::audit::Action;
use utoipa::Number;
use utoipa::openapi::schema::{AdditionalProperties, Array, ArrayItems, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{OpenApi as Contract, RefOr, Schema};

/// 2^53 - 1: beyond it, a reader that parses numbers as doubles loses precision.
const EXACT_MAX: isize = 9_007_199_254_740_991;
const INT32_MAX: isize = 2_147_483_647;

/// The types whose lists have at most one item per action.
const PER_ACTION: [&str; 2] = ["#/components/schemas/AuditAction", "#/components/schemas/ActionTypeCount"];

/// Gives each number its bounds, each integer its format, and each list of actions its length.
pub fn apply(contract: &mut Contract) {
    for declared in super::each(contract) {
        for parameter in declared.operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && let Some(RefOr::T(Schema::Array(array))) = &mut parameter.schema
            {
                bound_array(array);
            }
        }
    }
    for schema in contract.components.get_or_insert_default().schemas.values_mut() {
        bound(schema);
    }
}

fn bound(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => bound_object(object),
        Schema::Array(array) => {
            bound_array(array);
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

fn bound_array(array: &mut Array) {
    if let ArrayItems::RefOrSchema(items) = &array.items
        && let RefOr::Ref(item) = &**items
        && PER_ACTION.contains(&item.ref_location.as_str())
    {
        array.max_items.get_or_insert(Action::COUNT);
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
