//! The forms of a text: what it must be beyond its length, and how the contract describes that.
//!
//! Patterns spell characters out: the meaning of `\s` differs between the languages that read the contract. A text without a form
//! may contain anything but NUL, which is never allowed; the contract says that for all texts at once.

use entity::text;
use std::borrow::Cow;
use std::sync::LazyLock;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat};
use validator::{ValidateEmail, ValidationError};

pub const WORKSHOP_CODE_LENGTH_MAX: usize = 50;

const NOT_BLANK: &str =
    concat!(r"^[^\u0000]*", r"[^\u0000\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]", r"[^\u0000]*$");
/// White space that is visible as such: allowed between words.
const BLANKS: &str = r" \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000";

/// A name to be displayed, as far as a pattern can express it in every language: it doesn't limit how many combining marks follow
/// each other, and doesn't exclude invisible characters beyond U+FFFF.
static DISPLAYABLE: LazyLock<String> = LazyLock::new(|| {
    let hidden = ranges(text::is_invisible);
    format!("^[^{BLANKS}{hidden}]([^{hidden}]*[^{BLANKS}{hidden}])?$")
});

/// What a text must be.
pub trait TextForm {
    /// Distinguishes it from the other forms.
    const NAME: &'static str;

    /// Checks everything but the length. Most forms accept an empty text: the length reports it.
    fn check(text: &str) -> Result<(), ValidationError>;

    /// Adds to a schema what the contract can say about it.
    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema
    }
}

/// Any text.
#[derive(Clone, Copy, Debug)]
pub struct Anything;

impl TextForm for Anything {
    const NAME: &'static str = "anything";

    fn check(_: &str) -> Result<(), ValidationError> {
        Ok(())
    }
}

/// A text that isn't blank.
#[derive(Clone, Copy, Debug)]
pub struct NotBlank;

impl TextForm for NotBlank {
    const NAME: &'static str = "not_blank";

    fn check(text: &str) -> Result<(), ValidationError> {
        ensure(text.is_empty() || !text.trim().is_empty(), "not_blank", "must not be blank")
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.pattern(Some(NOT_BLANK))
    }
}

/// A name to be displayed: without invisible characters.
#[derive(Clone, Copy, Debug)]
pub struct Displayable;

impl TextForm for Displayable {
    const NAME: &'static str = "displayable";

    fn check(name: &str) -> Result<(), ValidationError> {
        let detail = "must be visible text without control or format characters, without leading or trailing spaces, and with at \
                      most 4 combining marks in a row";
        ensure(name.is_empty() || text::is_displayable(name), "displayable", detail)
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.pattern(Some(DISPLAYABLE.as_str()))
    }
}

/// The code of a workshop: displayable, and still short enough in upper case, in which it is stored.
#[derive(Clone, Copy, Debug)]
pub struct UpperCase;

impl TextForm for UpperCase {
    const NAME: &'static str = "upper_case";

    /// The length rule checks the code as given.
    fn check(code: &str) -> Result<(), ValidationError> {
        let fits = |code: &str| code.chars().count() <= WORKSHOP_CODE_LENGTH_MAX;
        ensure(!fits(code) || fits(&code.to_uppercase()), "length", "must have at most 50 characters in upper case")?;
        Displayable::check(code)
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        Displayable::describe(schema)
    }
}

/// An email address.
#[derive(Clone, Copy, Debug)]
pub struct Email;

impl TextForm for Email {
    const NAME: &'static str = "email";

    fn check(address: &str) -> Result<(), ValidationError> {
        let is_visible = !address.chars().any(|letter| letter.is_whitespace() || text::is_invisible(letter));
        if is_visible && address.validate_email() { Ok(()) } else { Err(ValidationError::new("email")) }
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
    }
}

/// A password, which tools hide when it is entered.
#[derive(Clone, Copy, Debug)]
pub struct Hidden;

impl TextForm for Hidden {
    const NAME: &'static str = "secret";

    fn check(_: &str) -> Result<(), ValidationError> {
        Ok(())
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
    }
}

/// ASCII letters, digits, dot, underscore, hyphen.
#[derive(Clone, Copy, Debug)]
pub struct Word;

impl TextForm for Word {
    const NAME: &'static str = "word";

    fn check(word: &str) -> Result<(), ValidationError> {
        let is_plain = word.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-'));
        ensure(is_plain, "pattern", "must consist of a-z, 0-9, dot, underscore and hyphen")
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.pattern(Some("^[A-Za-z0-9._-]+$"))
    }
}

/// A zone of the IANA time zone database.
#[derive(Clone, Copy, Debug)]
pub struct Zone;

impl TextForm for Zone {
    const NAME: &'static str = "zone";

    fn check(name: &str) -> Result<(), ValidationError> {
        let is_zone = name.is_empty() || name.parse::<chrono_tz::Tz>().is_ok();
        ensure(is_zone, "time_zone", "must be a time zone of the IANA time zone database, such as America/Chicago")
    }
}

/// A cursor: a payload and its signature. Whether a text is one is decided by the signature, where the cursor is used.
#[derive(Clone, Copy, Debug)]
pub struct Signed;

impl TextForm for Signed {
    const NAME: &'static str = "signed";

    fn check(_: &str) -> Result<(), ValidationError> {
        Ok(())
    }

    fn describe(schema: ObjectBuilder) -> ObjectBuilder {
        schema.pattern(Some("^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$"))
    }
}

/// A rule's result: its code, and what the value must be.
pub fn ensure(holds: bool, code: &'static str, detail: &'static str) -> Result<(), ValidationError> {
    if holds { Ok(()) } else { Err(ValidationError::new(code).with_message(Cow::Borrowed(detail))) }
}

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

#[cfg(test)]
mod tests {
    use super::*;
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
    fn the_pattern_for_texts_that_are_not_blank_agrees_with_the_check() {
        agrees(NOT_BLANK, char::MAX, |text| NotBlank::check(text).is_ok() && !text.contains('\0'));
    }

    #[test]
    fn the_pattern_for_displayable_texts_agrees_with_the_check() {
        agrees(&DISPLAYABLE, '\u{FFFF}', |text| Displayable::check(text).is_ok());
    }

    #[test]
    fn the_pattern_for_words_agrees_with_the_check() {
        agrees("^[A-Za-z0-9._-]+$", char::MAX, |text| Word::check(text).is_ok());
    }
}
