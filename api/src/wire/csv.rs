//! CSV that spreadsheets read and don't execute: RFC 4180, with no cell that is a formula.

use super::{Error, Result};
use actix_web::web::Bytes;
use csv::{Reader, StringRecord, Writer};
use entity::text;
use serde::Serialize;
use std::borrow::Cow;
use std::io::Cursor;
use std::slice;

/// The first row of a file: the names of the fields of its rows.
pub fn header<R: Serialize>(row: &R) -> Result<Bytes> {
    let mut table = table(slice::from_ref(row))?;
    let names = table.headers().map_err(|error| Error::internal(error))?;
    lines([names.iter().map(Cow::from).collect()])
}

/// Rows as text, one cell per field.
pub fn rows<R: Serialize>(rows: &[R]) -> Result<Bytes> {
    let records =
        table(rows)?.into_records().collect::<Result<Vec<StringRecord>, _>>().map_err(|error| Error::internal(error))?;
    lines(records.iter().map(|record| record.iter().map(Cow::from).collect()))
}

/// The rows as cells, after the names of their fields.
fn table<R: Serialize>(rows: &[R]) -> Result<Reader<Cursor<Vec<u8>>>> {
    let mut writer = Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|error| Error::internal(error))?;
    }
    writer.into_inner().map(|text| Reader::from_reader(Cursor::new(text))).map_err(|error| Error::internal(error))
}

/// Rows of cells as text. The first row of a file is its header.
pub fn lines<'a>(rows: impl IntoIterator<Item = Vec<Cow<'a, str>>>) -> Result<Bytes> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell).into_owned())).map_err(|error| Error::internal(error))?;
    }
    writer.into_inner().map(Bytes::from).map_err(|error| Error::internal(error))
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
    fn cells_are_quoted_where_necessary_and_are_never_formulas() {
        let row = ["plain", "a,\"b\"\nc", "=1+1", "＝1", "\tx", "-1+1", "-.", "-12.5", "-1"].map(Cow::from).to_vec();
        let text = lines([row]).unwrap();
        assert_eq!(std::str::from_utf8(&text).unwrap(), "plain,\"a,\"\"b\"\"\nc\",'=1+1,'＝1,'\tx,'-1+1,'-.,-12.5,-1\r\n");
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
