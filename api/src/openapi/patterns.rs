//! The characters that a text of a request may contain, as patterns: a text without a form of its own may contain anything but
//! NUL, which is never allowed.

use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, OpenApi, PathItem, Ref, RefOr, Schema};

const TEXT: &str = r"^[^\u0000]*$";

/// Adds a pattern to every text in requests.
pub fn apply(contract: &mut OpenApi) {
    let mut bodies = Vec::new();
    for item in contract.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = item;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter
                    && parameter.parameter_in == ParameterIn::Query
                {
                    parameter.schema.iter_mut().for_each(mark);
                }
            }
            let Some(RefOr::T(body)) = &operation.request_body else { continue };
            for content in body.content.values() {
                if let RefOr::T(content) = content
                    && let Some(RefOr::Ref(reference)) = &content.schema
                {
                    bodies.push(name(reference));
                }
            }
        }
    }
    let schemas = contract.components.iter_mut().flat_map(|components| components.schemas.iter_mut());
    for (_, schema) in schemas.filter(|(name, _)| bodies.contains(name)) {
        mark(schema);
    }
}

fn name(reference: &Ref) -> String {
    reference.ref_location.rsplit('/').next().unwrap_or_default().to_owned()
}

fn mark(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(mark);
            let is_text = match &object.schema_type {
                SchemaType::Type(kind) => *kind == Type::String,
                SchemaType::Array(kinds) => kinds.contains(&Type::String),
                SchemaType::AnyValue => false,
            };
            let is_free = matches!(&object.format, None | Some(SchemaFormat::KnownFormat(KnownFormat::Password)));
            if is_text && is_free && object.pattern.is_none() && object.enum_values.is_none() {
                object.pattern = Some(TEXT.to_owned());
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_is_anchored_at_the_start() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap().to_string();
        for word in contract.split("\"pattern\":\"").skip(1) {
            assert!(word.starts_with('^'), "{}", word.split('"').next().unwrap());
        }
    }
}
