//! Rules for single fields, used by `#[validate(custom(function = …))]`.

use entity::text;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use validator::ValidationError;

const WORKSHOP_CODE_LENGTH_MAX: usize = 50;

/// A text that isn't blank; an empty one is reported by the length rule.
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    ensure(text.is_empty() || !text.trim().is_empty(), "not_blank", "must not be blank")
}

/// A name to be displayed: without invisible characters. An empty one is reported by the length rule.
pub fn displayable(name: &str) -> Result<(), ValidationError> {
    let detail = "must be visible text without control or format characters, without leading or trailing spaces, and with at \
                  most 4 combining marks in a row";
    ensure(name.is_empty() || text::is_displayable(name), "displayable", detail)
}

/// A number with at most three decimals: more would be rounded, and the stored value must be the requested one.
pub fn thousandths(number: f64) -> Result<(), ValidationError> {
    let rounded = (number * 1_000.0).round() / 1_000.0;
    ensure((rounded - number).abs() < 1e-9, "decimals", "must have at most 3 decimals")
}

/// ASCII letters, digits, dot, underscore, hyphen; stored in lower case.
pub fn username(name: &str) -> Result<(), ValidationError> {
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-'));
    ensure(is_plain, "pattern", "must consist of a-z, 0-9, dot, underscore and hyphen")
}

/// Displayable, and still short enough in upper case, in which it is stored. The length rule checks the value as given.
pub fn workshop_code(code: &str) -> Result<(), ValidationError> {
    let length = |code: &str| code.chars().count();
    let grows_too_long = length(code) <= WORKSHOP_CODE_LENGTH_MAX && length(&code.to_uppercase()) > WORKSHOP_CODE_LENGTH_MAX;
    ensure(!grows_too_long, "length", "must have at most 50 characters in upper case")?;
    displayable(code)
}

/// A zone of the IANA time zone database. An empty one is reported by the length rule.
pub fn time_zone(name: &str) -> Result<(), ValidationError> {
    let is_zone = name.is_empty() || name.parse::<chrono_tz::Tz>().is_ok();
    ensure(is_zone, "time_zone", "must be a time zone of the IANA time zone database, such as America/Chicago")
}

/// An identifier for machines, suitable for exact comparison.
pub fn code(word: &str) -> Result<(), ValidationError> {
    username(word)
}

/// Free-form data from another system, by name.
pub type Facts = BTreeMap<String, Json>;

/// The maximum number of keys in such data, at all depths together.
const KEYS_MAX: usize = 256;
const KEY_LENGTH_MAX: usize = 128;
/// As JSON: an entry holds at most 64 KiB.
const FACTS_LENGTH_MAX: usize = 32 * 1024;
/// Beyond it, a reader that parses numbers as doubles loses precision.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

/// Data that an entry can hold: few enough keys, short enough, and numbers that have one spelling.
pub fn facts(facts: &Facts) -> Result<(), ValidationError> {
    let mut keys = 0;
    facts.iter().try_for_each(|(name, value)| ensure_fact(name, value, &mut keys))?;
    ensure(keys <= KEYS_MAX, "keys", "must have at most 256 keys")?;
    let length = serde_json::to_string(facts).map(|text| text.len()).unwrap_or(usize::MAX);
    ensure(length <= FACTS_LENGTH_MAX, "length", "must have at most 32 KiB")
}

fn ensure_fact(name: &str, value: &Json, keys: &mut usize) -> Result<(), ValidationError> {
    *keys += 1;
    let is_plain = name.chars().count() <= KEY_LENGTH_MAX && !name.contains('\0') && text::normalised(name) == name;
    ensure(is_plain, "key", "must have keys of at most 128 characters, in NFC and without NUL characters")?;
    ensure_value(value, keys)
}

fn ensure_value(value: &Json, keys: &mut usize) -> Result<(), ValidationError> {
    match value {
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::INFINITY);
            ensure(number.abs() <= EXACT_MAX, "range", "must have numbers with an absolute value of at most 2^53 - 1")?;
            thousandths(number)
        }
        Json::Array(items) => items.iter().try_for_each(|item| ensure_value(item, keys)),
        Json::Object(fields) => fields.iter().try_for_each(|(name, value)| ensure_fact(name, value, keys)),
        Json::Null | Json::Bool(_) | Json::String(_) => Ok(()),
    }
}

fn ensure(holds: bool, code: &'static str, detail: &'static str) -> Result<(), ValidationError> {
    if holds { Ok(()) } else { Err(ValidationError::new(code).with_message(Cow::Borrowed(detail))) }
}

#[cfg(test)]
mod properties;
