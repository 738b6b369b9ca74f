//! The characters that a text of a request may contain, as patterns: a text without a form of its own may contain anything but
//! NUL, which is never allowed. A text that may be null may be empty too, which is the same as null.

use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, OpenApi, PathItem, Ref, RefOr, Schema};

const TEXT: &str = r"^[^\u0000]*$";

/// An email address as HTML defines it. The service also takes domains beyond ASCII.
const ADDRESS: &str = concat!(
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
    r"([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
);

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
            let (is_text, is_nullable) = match &object.schema_type {
                SchemaType::Type(kind) => (*kind == Type::String, false),
                SchemaType::Array(kinds) => (kinds.contains(&Type::String), kinds.contains(&Type::Null)),
                SchemaType::AnyValue => (false, false),
            };
            if is_text && is_nullable && object.enum_values.is_none() {
                accept_empty(object);
            }
            let is_free = matches!(&object.format, None | Some(SchemaFormat::KnownFormat(KnownFormat::Password)));
            if is_text && is_free && object.pattern.is_none() && object.enum_values.is_none() {
                object.pattern = Some(TEXT.to_owned());
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

/// Length and form are those of a text that is not empty. No format has an empty text.
fn accept_empty(object: &mut Object) {
    match &object.format {
        None => {}
        Some(SchemaFormat::KnownFormat(KnownFormat::Email)) => {
            object.format = None;
            object.pattern = Some(ADDRESS.to_owned());
        }
        // An id, a date, a password.
        Some(_) => return,
    }
    let length_min = object.min_length.take().unwrap_or_default();
    object.pattern = object.pattern.take().map(|pattern| or_empty(&pattern, length_min));
}

/// The pattern of a text, for a text that may also be empty; `^a(b*c)?$` with a minimum length of two becomes `^(a(b*c))?$`.
fn or_empty(pattern: &str, length_min: usize) -> String {
    let inner = pattern.strip_prefix('^').and_then(|inner| inner.strip_suffix('$')).unwrap_or(pattern);
    let inner = if length_min > 1 && inner.ends_with(")?") { inner.trim_end_matches('?') } else { inner };
    format!("^({inner})?$")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::fields::{Displayable, Email, TextForm};
    use regex::Regex;
    use utoipa::openapi::schema::ObjectBuilder;

    #[test]
    fn a_pattern_for_an_optional_text_takes_an_empty_one_besides() {
        let name = Displayable::describe(ObjectBuilder::new()).build().pattern.unwrap();
        for (pattern, length_min, taken, refused) in [
            (TEXT, 0, vec!["", " ", "a"], vec!["\0"]),
            (name.as_str(), 1, vec!["", "a", "ab", "a b"], vec![" ", "a ", "\u{200B}"]),
            (name.as_str(), 2, vec!["", "ab", "a b"], vec!["a", " ", "a ", "\u{200B}a"]),
        ] {
            let pattern = Regex::new(&or_empty(pattern, length_min)).unwrap();
            assert!(taken.iter().all(|text| pattern.is_match(text)), "{pattern}");
            assert!(!refused.iter().any(|text| pattern.is_match(text)), "{pattern}");
        }
    }

    #[test]
    fn the_pattern_for_optional_email_addresses_agrees_with_the_check() {
        let pattern = Regex::new(&or_empty(ADDRESS, 3)).unwrap();
        let (label, local) = ("b".repeat(63), "a".repeat(64));
        let long = [format!("a@{label}.org"), format!("a@c.{label}b"), format!("{local}@b"), format!("{local}a@b")];
        let short = [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a@b",
            "a@b.org",
            "a.b+c@d-e.org",
            "a@-b",
            "a@b-",
            "a@b..c",
            "a b@c",
            "a@b c",
            "a@b@c",
            "a@b.",
            "a@b_c",
            "it's{me}@b",
            "A@B",
        ];
        for address in short.into_iter().chain(long.iter().map(String::as_str)) {
            assert_eq!(pattern.is_match(address), address.is_empty() || Email::check(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn every_pattern_is_anchored_at_the_start() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap().to_string();
        for word in contract.split("\"pattern\":\"").skip(1) {
            assert!(word.starts_with('^'), "{}", word.split('"').next().unwrap());
        }
    }
}
