//! Normalises text, so that SQLite, PostgreSQL and hashes see the same.

mod folding;
mod trigrams;

pub use folding::{Spelling, contains, folded};
pub use trigrams::trigram_conditions;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::net::IpAddr;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// NFC, the one normal form in which text is stored.
pub fn normalised(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// NFC and lower case: how the texts are stored that free-text searches look through.
pub fn lowered(text: &str) -> String {
    normalised(text).to_lowercase()
}

/// A LIKE pattern for a text anywhere in another, with its wildcards escaped. The pattern's escape character is `\`.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// The maximum number of consecutive combining marks in a name: no language's spelling needs more.
pub const MARKS_MAX: usize = 4;

/// Whether a name may be displayed: something visible, nothing invisible, no whitespace at either end, no long run of combining
/// marks. Names that look alike remain distinct: nothing is merged.
pub fn is_displayable(name: &str) -> bool {
    let ends = [name.chars().next(), name.chars().next_back()];
    let has_firm_ends = ends.iter().all(|end| end.is_some_and(|letter| !letter.is_whitespace()));
    has_firm_ends && !name.chars().any(is_invisible) && !has_more_marks_in_a_row(name, MARKS_MAX)
}

/// Control and format characters, line and paragraph separators, and all characters that Unicode recommends ignoring by default.
pub fn is_invisible(letter: char) -> bool {
    use GeneralCategory as G;
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    matches!(category, G::Control | G::Format | G::LineSeparator | G::ParagraphSeparator)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
        || letter == BRAILLE_BLANK
}

/// A symbol by its category, but invisible.
const BRAILLE_BLANK: char = '\u{2800}';

fn has_more_marks_in_a_row(text: &str, max: usize) -> bool {
    use GeneralCategory as G;
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |letter| matches!(categories.get(letter), G::NonspacingMark | G::SpacingMark | G::EnclosingMark);
    let mut row = 0;
    text.chars().any(|letter| {
        row = if is_mark(letter) { row + 1 } else { 0 };
        row > max
    })
}

/// The name, in SQL, of the order in which SQLite compares addresses.
pub const ADDRESS_ORDER: &str = "address_order";

/// How the text of an IPv4-mapped address begins, before the IPv4 address that it contains.
pub const IPV4_MAPPED: &str = "::ffff:";

/// Compares two texts as addresses, in PostgreSQL's order of them: IPv4 before IPv6, then by their bytes, an IPv4-mapped address
/// as the IPv4 address that it contains. What is no address comes last.
pub fn compare_addresses(one: &str, other: &str) -> Ordering {
    let address = |text: &str| text.parse::<IpAddr>().map(|address| address.to_canonical());
    match (address(one), address(other)) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => one.cmp(other),
    }
}

/// The canonical JSON text of a value (RFC 8785): sorted keys and one representation, so that equal values have equal digests.
pub fn canonical<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json_canonicalizer::to_string(value)
}

/// SHA-256 in lowercase hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_literal() {
        assert_eq!(contains_pattern("50%_A"), "%50\\%\\_A%");
    }

    #[test]
    fn addresses_are_ordered_by_their_value() {
        let ordered = [
            "0.0.0.0",
            "9.255.255.255",
            "10.0.0.9",
            "10.0.0.10",
            "::ffff:10.0.0.11",
            "10.0.0.100",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::10",
            "2001:db8::ffff",
            "2001:db8::1:0",
            "2001:db8:0:1::",
            "2001:db8:1::",
            "fe80::1",
            "",
            "unknown",
        ];
        for (place, one) in ordered.iter().enumerate() {
            for (other_place, other) in ordered.iter().enumerate() {
                assert_eq!(compare_addresses(one, other), place.cmp(&other_place), "{one} {other}");
            }
        }
        assert_eq!(compare_addresses("::ffff:10.0.0.11", "10.0.0.11"), Ordering::Equal);
        assert_eq!(compare_addresses("2001:DB8:0::7", "2001:db8::7"), Ordering::Equal);
    }

    #[test]
    fn names_of_many_scripts_are_displayable() {
        let names = [
            "Ada Moss",
            "Żaneta",
            "O'Brien-Núñez",
            "Nguyễn Thị Minh",
            "محمد عبد الله",
            "मिथिला क्षीरसागर",
            "ஸ்ரீநிவாசன்",
            "ประยุทธ์",
            "ພູ່",
            "עֲבָדִים",
            "Владимир",
            "Ελένη",
            "山田 太郎",
            "山田　太郎",
            "김민준",
            "བསྟན་འཛིན",
            "မောင်မောင်",
            "ක්\u{0DC2}මී",
            "🦊",
        ];
        for name in names {
            assert!(is_displayable(&normalised(name)), "{name:?}");
        }
    }

    #[test]
    fn names_with_invisible_characters_are_not_displayable() {
        let invisible = [
            '\0',
            '\n',
            '\u{7F}',
            '\u{85}',
            '\u{AD}',
            '\u{034F}',
            '\u{061C}',
            '\u{115F}',
            '\u{17B4}',
            '\u{180E}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{2028}',
            '\u{2029}',
            '\u{202E}',
            '\u{2060}',
            '\u{2066}',
            '\u{2800}',
            '\u{3164}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{FFF9}',
            '\u{1D173}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
        ];
        for letter in invisible {
            for name in [format!("{letter}"), format!("a{letter}b"), format!("{letter}ab"), format!("ab{letter}")] {
                assert!(!is_displayable(&name), "{name:?}");
            }
        }
        for name in ["", " ", " Ada", "Ada ", "\u{A0}Ada", "Ada\u{3000}", "\tAda", "Z\u{324}\u{325}\u{326}\u{327}\u{328}algo"] {
            assert!(!is_displayable(name), "{name:?}");
        }
        assert!(is_displayable("Z\u{324}\u{325}\u{326}\u{327}algo"));
    }
}
