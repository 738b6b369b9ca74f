//! NDJSON: one JSON value per line, whatever a reader takes for the end of a line.

use super::{Error, Result};
use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// Rows, one line each.
pub fn rows<R: Serialize>(rows: &[R]) -> Result<Bytes> {
    let mut lines = Vec::new();
    for row in rows {
        let mut line = Serializer::with_formatter(&mut lines, OneLine);
        row.serialize(&mut line).map_err(|error| Error::internal(error))?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}

/// JSON without spaces, in which no character of a text ends a line.
struct OneLine;

impl Formatter for OneLine {
    /// JSON escapes the control characters of ASCII, and leaves these as they are. Escaped, they are the same value.
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        for part in fragment.split_inclusive(ends_a_line) {
            match (part.strip_suffix(ends_a_line), part.chars().next_back()) {
                (Some(before), Some(end)) => write!(writer, "{before}\\u{:04x}", u32::from(end))?,
                (Some(_), None) | (None, _) => writer.write_all(part.as_bytes())?,
            }
        }
        Ok(())
    }

    /// Outside of its texts, JSON has none of these characters.
    fn write_raw_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.write_string_fragment(writer, fragment)
    }
}

/// NEXT LINE, LINE SEPARATOR and PARAGRAPH SEPARATOR: readers that follow Unicode end a line there, such as Python's
/// `splitlines`, Java's `Pattern` and many editors.
fn ends_a_line(letter: char) -> bool {
    matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn text<R: Serialize>(values: &[R]) -> String {
        String::from_utf8(rows(values).unwrap().to_vec()).unwrap()
    }

    /// The places at which `str.splitlines` of Python, the most lenient reader, ends a line.
    fn lines(text: &str) -> Vec<&str> {
        let ends = ['\n', '\r', '\u{B}', '\u{C}', '\u{1C}', '\u{1D}', '\u{1E}', '\u{85}', '\u{2028}', '\u{2029}'];
        text.split_terminator(ends).collect()
    }

    #[test]
    fn a_value_is_one_line_for_any_reader_and_remains_the_same_value() {
        let letters =
            ['\n', '\r', '\u{B}', '\u{C}', '\u{1C}', '\u{1D}', '\u{1E}', '\u{7F}', '\u{85}', '\u{2027}', '\u{2028}', '\u{2029}'];
        for letter in letters {
            for place in
                [format!("{letter}"), format!("a{letter}b"), format!("{letter}{letter}"), format!("\"{letter}\\é{letter}")]
            {
                let value = json!({"reason": place, (place.as_str()): [place, null, 1.5], "nested": {"deep": {"text": place}}});
                let written = text(&[&value, &value]);
                let found: Vec<Json> = lines(&written).into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
                assert_eq!(found, [value.clone(), value], "{written}");
            }
        }
    }

    #[test]
    fn stored_json_is_written_as_it_is_on_one_line() {
        let stored = r#"{"b":[1,2.50,"é"],"a":"\u0007 x"}"#;
        let raw: &serde_json::value::RawValue = serde_json::from_str(stored).unwrap();
        assert_eq!(text(&[raw]), format!("{stored}\n"));
        let raw: &serde_json::value::RawValue = serde_json::from_str("[\"\u{85}x\u{2028}\"]").unwrap();
        assert_eq!(text(&[raw]), "[\"\\u0085x\\u2028\"]\n");
    }

    #[test]
    fn all_else_is_written_as_compact_json() {
        let value = json!({"a": "é 😀 \u{2027} / \" \\ \u{7}", "b": [1, 2.5, true, null], "c": {}});
        assert_eq!(text(&[&value]), format!("{value}\n"));
        assert_eq!(text(&["\u{85}x\u{2028}\u{2029}"]), "\"\\u0085x\\u2028\\u2029\"\n");
        assert_eq!(text::<Json>(&[]), "");
    }
}
