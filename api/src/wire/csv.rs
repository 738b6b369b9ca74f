//! CSV that spreadsheets read and don't execute: RFC 4180, with no cell that is a formula.

use super::{Error, Result};
use actix_web::web::Bytes;
use entity::text;
use std::borrow::Cow;

/// Rows as text. The first row of a file is its header.
pub fn lines<'a>(rows: impl IntoIterator<Item = Vec<Cow<'a, str>>>) -> Result<Bytes> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell).into_owned())).map_err(Error::internal)?;
    }
    writer.into_inner().map(Bytes::from).map_err(Error::internal)
}

/// A spreadsheet treats a cell that begins like this as a formula, in some cases also after spaces; an apostrophe keeps it text.
/// A negative number is not a formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    let is_skipped = |letter: char| letter.is_whitespace() || text::is_invisible(letter);
    let is_formula = match cell.trim_start_matches(is_skipped).chars().next() {
        Some('-') if cell.strip_prefix('-').is_some_and(is_number) => false,
        Some(first) => matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹢' | '﹣' | '﹦' | '﹫' | '−'),
        None => false,
    };
    if is_formula || cell.starts_with(['\t', '\r', '\n']) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Digits, with at most one decimal point between them.
fn is_number(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').map_or_else(|| is_digits(text), |(whole, decimals)| is_digits(whole) && is_digits(decimals))
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_never_formulas() {
        let row = ["plain", "a,\"b\"\nc", "=1+1", "＝1", "\tx", "-1+1", "-.", "-12.5", "-1"].map(Cow::from).to_vec();
        let text = lines([row]).unwrap();
        assert_eq!(std::str::from_utf8(&text).unwrap(), "plain,\"a,\"\"b\"\"\nc\",'=1+1,'＝1,'\tx,'-1+1,'-.,-12.5,-1\r\n");
    }

    #[test]
    fn what_stands_before_a_formula_does_not_hide_it() {
        for before in
            ["", " ", "  ", "\u{A0}", "\u{3000}", "\u{2003}", "\u{FEFF}", "\u{200B}", "\n", "\r\n", "\t", "\u{2028}", "\0"]
        {
            for sign in ["=", "+", "-", "@", "＝", "＋", "－", "＠"] {
                let cell = format!("{before}{sign}cmd|' /C calc'!A0");
                assert_eq!(harmless(&cell), format!("'{cell}"), "{cell:?}");
            }
        }
        for cell in ["\nx", "\tx", "\rx", " -1", "\n"] {
            assert_eq!(harmless(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in ["", " ", " x", "a=b", "x\n=1", "-1", "{\"a\":1}"] {
            assert_eq!(harmless(cell), cell, "{cell:?}");
        }
    }
}
