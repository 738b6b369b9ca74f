//! The schemas of the types in `wire::fields`, placed where they are used: a bounded text is a text in every generated client.

use crate::wire::fields::is_field;
use std::collections::BTreeMap;
use std::mem;
use utoipa::openapi::schema::{ArrayItems, OneOf, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// The schemas of the field types by their names.
type Fields = BTreeMap<String, RefOr<Schema>>;

/// Replaces every reference to a field type by its schema, and removes their names.
pub fn apply(contract: &mut OpenApi) {
    let Some(components) = &mut contract.components else { return };
    let (fields, others) = mem::take(&mut components.schemas).into_iter().partition(|(name, _)| is_field(name));
    components.schemas = others;
    components.schemas.values_mut().for_each(|schema| inline(schema, &fields));
}

fn inline(schema: &mut RefOr<Schema>, fields: &Fields) {
    if let Some(field) = field(schema, fields) {
        *schema = field;
        return;
    }
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(|property| inline(property, fields)),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                inline(items, fields);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(|item| inline(item, fields)),
        _ => {}
    }
}

/// The schema in place of a reference to a field type, or of "such a reference or null".
fn field(schema: &RefOr<Schema>, fields: &Fields) -> Option<RefOr<Schema>> {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next()?;
            let RefOr::T(Schema::Object(field)) = fields.get(name)? else { return None };
            let mut field = field.clone();
            field.description = Some(reference.description.clone()).filter(|description| !description.is_empty());
            Some(Schema::Object(field).into())
        }
        RefOr::T(Schema::OneOf(OneOf { items, .. })) => {
            let other = items.iter().find(|item| !is_null(item)).filter(|_| items.iter().any(is_null))?;
            let RefOr::T(Schema::Object(mut field)) = self::field(other, fields)? else { return None };
            if let SchemaType::Type(kind) = field.schema_type {
                field.schema_type = SchemaType::from_iter([kind, Type::Null]);
            }
            Some(Schema::Object(field).into())
        }
        RefOr::T(_) => None,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == Type::Null.into())
}
