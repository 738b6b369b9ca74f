//! Rows as CSV (RFC 4180) that no spreadsheet takes for formulas.

use super::{Error, Result};
use actix_web::web::Bytes;
use csv::{Terminator, WriterBuilder};
use std::borrow::Cow;

/// Some rows as lines.
pub fn lines<const WIDTH: usize>(rows: impl IntoIterator<Item = [String; WIDTH]>) -> Result<Bytes> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| inert(cell).into_owned())).map_err(Error::internal)?;
    }
    Ok(writer.into_inner().map_err(Error::internal)?.into())
}

/// A cell that a spreadsheet would calculate gets an apostrophe, which makes it text.
fn inert(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if is_formula { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_only_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠1"] {
            assert_eq!(inert(cell), format!("'{cell}"));
        }
        for cell in ["", "a=1", " =1", "{\"a\":-1}", "2026-12-01"] {
            assert_eq!(inert(cell), cell);
        }
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let row = ["a,b", "\"quoted\"", "two\r\nlines", ""].map(str::to_owned);
        let text = lines([row.clone()]).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&text[..]);
        assert_eq!(reader.records().next().unwrap().unwrap(), row.to_vec());
        assert!(text.ends_with(b"\r\n"));
    }
}
