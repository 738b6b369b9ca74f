//! The characters that a text of a request may contain, as patterns: `pattern = "not_blank"` on a field names the rule that
//! checks it, and this replaces the name with the pattern. A text without a rule may contain anything but NUL, which is never
//! allowed.
//!
//! Characters are spelled out: the meaning of `\s` differs between the languages that read the contract.

use entity::text;
use std::sync::LazyLock;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, OpenApi, PathItem, Ref, RefOr, Schema};

const NOT_BLANK: &str =
    concat!(r"^[^\u0000]*", r"[^\u0000\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]", r"[^\u0000]*$");
/// White space that is visible as such: allowed between words.
const BLANKS: &str = r" \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000";
const TEXT: &str = r"^[^\u0000]*$";

/// The name of a rule, and its pattern.
type Rule = (&'static str, fn() -> &'static str);

/// The rules of `api::wire::check`.
const RULES: [Rule; 2] = [("not_blank", || NOT_BLANK), ("displayable", || &DISPLAYABLE)];

/// A name to be displayed, as far as a pattern can express it in every language: it doesn't limit how many combining marks follow
/// each other, and doesn't exclude invisible characters beyond U+FFFF.
static DISPLAYABLE: LazyLock<String> = LazyLock::new(|| {
    let hidden = ranges(text::is_invisible);
    format!("^[^{BLANKS}{hidden}]([^{hidden}]*[^{BLANKS}{hidden}])?$")
});

/// The characters that satisfy a condition, as the inside of a character class. Those beyond the 16 bits that `\u` can express in
/// every language are left out.
fn ranges(holds: fn(char) -> bool) -> String {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for letter in ('\0'..='\u{FFFF}').filter(|letter| holds(*letter)) {
        match ranges.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(letter) => *last = letter,
            _ => ranges.push((letter, letter)),
        }
    }
    let spelled = |letter: char| format!("\\u{:04X}", u32::from(letter));
    ranges
        .into_iter()
        .map(|(first, last)| if first == last { spelled(first) } else { format!("{}-{}", spelled(first), spelled(last)) })
        .collect()
}

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
            let rule = object.pattern.as_deref();
            let known = RULES.iter().find(|(name, _)| rule == Some(name)).map(|(_, pattern)| pattern());
            match known {
                Some(pattern) => object.pattern = Some(pattern.to_owned()),
                None if is_text && is_free && rule.is_none() && object.enum_values.is_none() => {
                    object.pattern = Some(TEXT.to_owned());
                }
                None => {}
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check;
    use regex::Regex;

    /// A pattern accepts exactly what its rule accepts, wherever in a text a character up to the last one occurs.
    fn agrees(pattern: &str, last: char, rule: fn(&str) -> bool) {
        let pattern = Regex::new(pattern).unwrap();
        let letters = ('\0'..='\u{3100}').chain('\u{FE00}'..='\u{1F600}').chain('\u{E0000}'..='\u{E1000}');
        for letter in letters.filter(|letter| *letter <= last) {
            for text in [format!("{letter}"), format!("a{letter}"), format!("{letter}a"), format!(" {letter} ")] {
                assert_eq!(pattern.is_match(&text), rule(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_blank_text_is_told_by_its_pattern() {
        agrees(NOT_BLANK, char::MAX, |text| check::not_blank(text).is_ok() && !text.contains('\0'));
    }

    #[test]
    fn a_text_that_hides_something_is_told_by_its_pattern() {
        agrees(&DISPLAYABLE, '\u{FFFF}', |text| check::displayable(text).is_ok());
    }

    #[test]
    fn a_rule_that_a_field_names_is_one_there_is() {
        let contract = serde_json::to_value(crate::openapi::contract()).unwrap().to_string();
        for word in contract.split("\"pattern\":\"").skip(1) {
            assert!(word.starts_with('^'), "{}", word.split('"').next().unwrap());
        }
    }
}
