//! Names for enum values that are not identifiers, such as `-created_at`: a generated client would number them.

use entity::text::capitalised;
use serde_json::{Value as Json, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{OpenApi, RefOr, Schema};

const NAMES: &str = "x-enum-varnames";

/// Adds them as `x-enum-varnames`, which the generators know, in the spelling that Rust's generator uses unchanged.
pub fn apply(contract: &mut OpenApi) {
    for schema in contract.components.iter_mut().flat_map(|components| components.schemas.values_mut()) {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        let values: Vec<&str> = object.enum_values.iter().flatten().filter_map(Json::as_str).collect();
        let is_named = object.extensions.as_ref().is_some_and(|extensions| extensions.contains_key(NAMES));
        if !is_named && !values.iter().all(|value| is_word(value)) {
            let names: Vec<String> = values.into_iter().map(name).collect();
            object.extensions.get_or_insert_default().merge(ExtensionsBuilder::new().add(NAMES, json!(names)).build());
        }
    }
}

fn is_word(value: &str) -> bool {
    value.starts_with(|first: char| first.is_ascii_lowercase())
        && value.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

fn name(value: &str) -> String {
    let words = |text: &str| text.split(|letter: char| !letter.is_ascii_alphanumeric()).map(capitalised).collect::<String>();
    match value.strip_prefix('-') {
        Some(field) => format!("{}Descending", words(field)),
        None => words(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enum_values_become_identifiers() {
        let names = ["-created_at", "due_on", "audit:read", "ingest"].map(name);
        assert_eq!(names, ["CreatedAtDescending", "DueOn", "AuditRead", "Ingest"]);
    }
}
