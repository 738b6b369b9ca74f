//! Rules for single fields, as `#[validate(custom(function = …))]` calls them.

use entity::text;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;
use validator::ValidationError;

const WORKSHOP_CODE_LENGTH_MAX: usize = 50;

/// A text that says something; the length rule speaks of an empty one.
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    demand(text.is_empty() || !text.trim().is_empty(), "not_blank", "must not be blank")
}

/// A name people will read: nothing invisible in it. The length rule speaks of an empty one.
pub fn displayable(name: &str) -> Result<(), ValidationError> {
    let detail = "must be visible text without control or format characters, without blanks at either end, and with at most 4 \
                  combining marks in a row";
    demand(name.is_empty() || text::is_displayable(name), "displayable", detail)
}

/// A number of at most three decimals: more would be rounded, and what is stored is what was asked for.
pub fn thousandths(number: f64) -> Result<(), ValidationError> {
    let rounded = (number * 1_000.0).round() / 1_000.0;
    demand((rounded - number).abs() < 1e-9, "decimals", "must have at most 3 decimals")
}

/// Letters of ASCII, digits, dot, underscore, hyphen; it is kept in lower case.
pub fn username(name: &str) -> Result<(), ValidationError> {
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-'));
    demand(is_plain, "pattern", "must consist of a-z, 0-9, dot, underscore and hyphen")
}

/// Displayable, and still short enough in upper case, in which it is kept. The length rule speaks of what it is as it was given.
pub fn workshop_code(code: &str) -> Result<(), ValidationError> {
    let length = |code: &str| code.chars().count();
    let grows_too_long = length(code) <= WORKSHOP_CODE_LENGTH_MAX && length(&code.to_uppercase()) > WORKSHOP_CODE_LENGTH_MAX;
    demand(!grows_too_long, "length", "must have at most 50 characters in upper case")?;
    displayable(code)
}

/// A zone of the IANA time zone database. The length rule speaks of an empty one.
pub fn time_zone(name: &str) -> Result<(), ValidationError> {
    let is_zone = name.is_empty() || name.parse::<chrono_tz::Tz>().is_ok();
    demand(is_zone, "time_zone", "must be a zone of the IANA time zone database, such as America/Chicago")
}

/// A word of a machine's: what it is about can be told by comparing it.
pub fn code(word: &str) -> Result<(), ValidationError> {
    username(word)
}

/// Whatever another system wants to say, by name.
pub type Facts = BTreeMap<String, Json>;

/// How many keys such facts have in all, however deep.
const KEYS_MAX: usize = 256;
const KEY_LENGTH_MAX: usize = 128;
/// As JSON: an entry holds 64 KiB.
const FACTS_LENGTH_MAX: usize = 32 * 1024;
/// Beyond it, a reader that takes numbers for doubles counts wrong.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

/// Facts that an entry can hold: few enough, short enough, and with numbers that have one spelling.
pub fn facts(facts: &Facts) -> Result<(), ValidationError> {
    let mut keys = 0;
    facts.iter().try_for_each(|(name, value)| demand_fact(name, value, &mut keys))?;
    demand(keys <= KEYS_MAX, "keys", "must have at most 256 keys")?;
    let length = serde_json::to_string(facts).map(|text| text.len()).unwrap_or(usize::MAX);
    demand(length <= FACTS_LENGTH_MAX, "length", "must have at most 32 KiB")
}

fn demand_fact(name: &str, value: &Json, keys: &mut usize) -> Result<(), ValidationError> {
    *keys += 1;
    let is_plain = name.chars().count() <= KEY_LENGTH_MAX && !name.contains('\0') && text::normalised(name) == name;
    demand(is_plain, "key", "must have keys of at most 128 characters, in NFC and without NUL")?;
    demand_value(value, keys)
}

fn demand_value(value: &Json, keys: &mut usize) -> Result<(), ValidationError> {
    match value {
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::INFINITY);
            demand(number.abs() <= EXACT_MAX, "range", "must have numbers of at most 2^53 - 1")?;
            thousandths(number)
        }
        Json::Array(items) => items.iter().try_for_each(|item| demand_value(item, keys)),
        Json::Object(fields) => fields.iter().try_for_each(|(name, value)| demand_fact(name, value, keys)),
        Json::Null | Json::Bool(_) | Json::String(_) => Ok(()),
    }
}

fn demand(holds: bool, code: &'static str, detail: &'static str) -> Result<(), ValidationError> {
    if holds { Ok(()) } else { Err(ValidationError::new(code).with_message(Cow::Borrowed(detail))) }
}

#[cfg(test)]
mod properties;
