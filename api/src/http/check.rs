//! Rules for single fields, as `#[validate(custom(function = …))]` calls them.

use entity::text;
use std::borrow::Cow;
use validator::ValidationError;

const WORKSHOP_CODE_LENGTH_MAX: usize = 50;

/// A text that says something; the length rule speaks of an empty one.
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    demand(text.is_empty() || !text.trim().is_empty(), "not_blank", "must not be blank")
}

/// A name people will read: nothing invisible in it. The length rule speaks of an empty one.
pub fn displayable(name: &str) -> Result<(), ValidationError> {
    demand(name.is_empty() || text::is_displayable(name), "displayable", "must be visible text without control characters")
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

fn demand(holds: bool, code: &'static str, detail: &'static str) -> Result<(), ValidationError> {
    if holds { Ok(()) } else { Err(ValidationError::new(code).with_message(Cow::Borrowed(detail))) }
}
