//! Text in one spelling, so that SQLite, PostgreSQL and hashes see the same.

use sha2::{Digest, Sha256};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// NFC, the one spelling in which text is stored.
pub fn normalised(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// NFC and lower case: what free-text searches compare, since the databases' own folding differs.
pub fn folded(text: &str) -> String {
    normalised(text).to_lowercase()
}

/// Folded, with the wildcards of LIKE taken literally, anywhere in the text. The pattern's escape character is `\`.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in folded(text).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Whether a name may be shown: no control characters, no bidi controls, nothing of zero width.
pub fn is_displayable(name: &str) -> bool {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}')
    };
    !name.trim().is_empty() && !name.chars().any(hidden)
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_literal() {
        assert_eq!(contains_pattern("50%_A"), "%50\\%\\_a%");
    }

    #[test]
    fn names_that_hide_something_are_not_displayable() {
        assert!(is_displayable("Ada Moss") && is_displayable("Żaneta"));
        for name in ["", "  ", "a\u{202E}b", "a\u{200B}b", "a\nb"] {
            assert!(!is_displayable(name), "{name:?}");
        }
    }
}
