//! CSV that spreadsheets read and don't execute: RFC 4180, with no cell that is a formula, and from which every cell can be read
//! back exactly.

mod cells;

use super::{Error, Result};
use actix_web::web::Bytes;
use cells::{Names, Table};
use entity::text;
use serde::Serialize;
use std::borrow::Cow;

/// The first row of a file: the names of the fields of its rows.
pub fn header<R: Serialize>(row: &R) -> Result<Bytes> {
    let names = row.serialize(Names::default()).map_err(|error| Error::internal(error))?;
    lines([names.into_iter().map(Cow::from).collect()])
}

/// Rows as text, one cell per field.
pub fn rows<R: Serialize>(rows: &[R]) -> Result<Bytes> {
    written(|table| rows.iter().try_for_each(|row| row.serialize(&mut *table)))
}

/// Rows of cells as text. The first row of a file is its header.
pub fn lines<'a>(rows: impl IntoIterator<Item = Vec<Cow<'a, str>>>) -> Result<Bytes> {
    written(|table| rows.into_iter().try_for_each(|row| table.line(&row)))
}

fn written(fill: impl FnOnce(&mut Table) -> Result<(), csv::Error>) -> Result<Bytes> {
    let mut table = Table::default();
    let filled = fill(&mut table).and_then(|()| table.into_text());
    filled.map(Bytes::from).map_err(|error| Error::internal(error))
}

/// An apostrophe keeps a cell text that a spreadsheet would execute. A cell that would look like a guarded one gets another, so
/// that removing one apostrophe from each guarded cell restores it exactly.
fn harmless(cell: &str) -> Cow<'_, str> {
    // Most cells; the look at the tables of Unicode is for the others.
    if cell.bytes().next().is_none_or(|first| first.is_ascii_alphanumeric()) {
        return Cow::Borrowed(cell);
    }
    if is_executed(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A spreadsheet treats a cell that begins like this as a formula, in some cases also after spaces. Negative numbers and phone
/// numbers are none: digits and punctuation call no function and refer to no cell.
fn is_executed(cell: &str) -> bool {
    let is_skipped = |letter: char| letter.is_whitespace() || text::is_invisible(letter);
    let is_formula = match cell.trim_start_matches(is_skipped).chars().next() {
        Some('-') if cell.strip_prefix('-').is_some_and(is_number) => false,
        Some('+') if cell.strip_prefix('+').is_some_and(is_phone_number) => false,
        Some(first) => matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹢' | '﹣' | '﹦' | '﹫' | '−'),
        None => false,
    };
    is_formula || cell.starts_with(['\t', '\r', '\n'])
}

/// Digits, with at most one decimal point between them.
fn is_number(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').map_or_else(|| is_digits(text), |(whole, decimals)| is_digits(whole) && is_digits(decimals))
}

/// The fewest digits of a number in international notation, with its country code.
const PHONE_DIGITS_MIN: usize = 5;

/// Digits, and what separates them: `49 30 1234`, `1 (312) 555-0100`.
fn is_phone_number(text: &str) -> bool {
    let is_notation = text.bytes().all(|letter| letter.is_ascii_digit() || b" ()-./".contains(&letter));
    is_notation && text.bytes().filter(u8::is_ascii_digit).count() >= PHONE_DIGITS_MIN
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_necessary_and_are_never_formulas() {
        let row = ["plain", "a,\"b\"\nc", "=1+1", "＝1", "\tx", "-1+1", "-.", "-12.5", "-1"].map(Cow::from).to_vec();
        let text = lines([row]).unwrap();
        assert_eq!(std::str::from_utf8(&text).unwrap(), "plain,\"a,\"\"b\"\"\nc\",'=1+1,'＝1,'\tx,'-1+1,'-.,-12.5,-1\r\n");
    }

    #[test]
    fn numbers_and_phone_numbers_stay_as_they_are() {
        for cell in [
            "-5",
            "-12.5",
            "+49 30 1234",
            "+493012345678",
            "+49-30-1234",
            "+49 (0)30/1234.56",
            "+1 (312) 555-0100",
            "+1.312.555.0100",
            "030 1234",
            "(312) 555-0100",
        ] {
            assert_eq!(harmless(cell), cell);
        }
        for cell in [
            "+1+12345",
            "+1",
            "+A1",
            "+49 30 1234 ext. 5",
            "+49 30 1234=1",
            "+12345*A1",
            "+12345&CHAR(7)",
            "++49 30 1234",
            "=+49 30 1234",
            " +49 30 1234",
            "-5-5",
            "-49 30 1234",
            "+٤٩٣٠١٢٣٤",
        ] {
            assert_eq!(harmless(cell), format!("'{cell}"), "{cell:?}");
        }
    }

    #[test]
    fn a_cell_that_looks_guarded_gets_one_apostrophe_more() {
        for cell in ["=1", "@x", " =1", "\n", "\tx", "-5-5"] {
            for apostrophes in ["", "'", "''", "'''"] {
                let cell = format!("{apostrophes}{cell}");
                assert_eq!(harmless(&cell), format!("'{cell}"), "{cell:?}");
            }
        }
        for cell in ["'", "''", "'tis", "'-5", "'+49 30 1234", " '=1", "a'=1"] {
            assert_eq!(harmless(cell), cell);
        }
    }

    #[test]
    fn fields_become_columns_and_cells() {
        #[derive(Serialize)]
        struct Row {
            id: i64,
            name: Option<&'static str>,
            is_active: bool,
        }
        let row = |id, name| Row { id, name, is_active: true };
        let rows_of = [row(1, Some("\u{FEFF} \"a\",\r\nb ")), row(-2, None), row(3, Some("")), row(4, Some("=1+1"))];
        let text = [header(&rows_of[0]).unwrap(), rows(&rows_of).unwrap()].concat();
        let lines = "id,name,is_active\r\n1,\"\u{FEFF} \"\"a\"\",\r\nb \",true\r\n-2,,true\r\n3,,true\r\n4,'=1+1,true\r\n";
        assert_eq!(std::str::from_utf8(&text).unwrap(), lines);
        assert!(rows::<Row>(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_nested_row_is_refused() {
        #[derive(Serialize)]
        struct Row {
            ids: Vec<i64>,
        }
        assert!(rows(&[Row { ids: vec![1] }]).is_err() && rows(&["a cell"]).is_err() && header(&7).is_err());
        assert_eq!(std::str::from_utf8(&header(&Row { ids: vec![1] }).unwrap()).unwrap(), "ids\r\n");
    }

    #[test]
    fn a_formula_behind_invisible_characters_is_escaped() {
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
