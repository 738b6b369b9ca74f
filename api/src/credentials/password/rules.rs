//! Rules for passwords beyond their length: not a common password, and not the username.

use crate::wire::fields::{Hidden, Text, TextForm, ensure};
use crate::wire::{Error, Result};
use std::collections::HashSet;
use std::sync::LazyLock;
use utoipa::openapi::schema::ObjectBuilder;
use validator::ValidationError;

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("well_known.txt").lines();
    lines.filter(|line| !line.starts_with('#') && !line.is_empty()).collect()
});

/// A password to be set.
pub type NewPassword = Text<10, 128, Uncommon>;

/// Not one of the most common passwords, case-insensitively.
#[derive(Clone, Copy, Debug)]
pub struct Uncommon;

impl TextForm for Uncommon {
    const NAME: &'static str = "uncommon";

    fn check(password: &str) -> std::result::Result<(), ValidationError> {
        let is_common = COMMON.contains(password.to_lowercase().as_str());
        ensure(!is_common, "common_password", "is one of the most common passwords")
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        Hidden::describe(schema)
    }
}

/// Not the username. `pointer` is the position of the password in the body.
pub fn ensure_unlike(password: &str, username: &str, pointer: &str) -> Result<()> {
    let is_the_name = password.eq_ignore_ascii_case(username);
    if is_the_name { Err(Error::field(pointer, "same_as_username", "must not be the username")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_only_lowercase_passwords_of_a_permitted_length() {
        assert!(COMMON.len() > 400, "{}", COMMON.len());
        for password in COMMON.iter() {
            assert!((10..=128).contains(&password.chars().count()), "{password}");
            assert_eq!(*password, password.to_lowercase());
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        assert!(Uncommon::check("Password123").is_err() && Uncommon::check("1234567890").is_err());
        assert!(Uncommon::check("passport missing since May").is_ok());
    }
}
