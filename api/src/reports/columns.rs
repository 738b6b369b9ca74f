//! The columns of a report's CSV: each has its name beside its cell, so that header, rows and the example in the contract agree.

use crate::wire::csv;
use std::borrow::Cow;

/// The cells of one line.
pub type Line = Vec<Cow<'static, str>>;

/// A column: its name, and its cell of a row.
pub type Column<R> = (&'static str, fn(&R) -> Cow<'static, str>);

/// The first line.
pub fn header<R>(columns: &[Column<R>]) -> Line {
    columns.iter().map(|(name, _)| (*name).into()).collect()
}

/// The line of a row.
pub fn line<R>(columns: &[Column<R>], row: &R) -> Line {
    columns.iter().map(|(_, cell)| cell(row)).collect()
}

/// The example of a file in the contract: its header and one row.
pub fn example(header: Line, row: Line) -> String {
    let text = csv::lines([header, row]).ok();
    text.and_then(|text| String::from_utf8(text.into()).ok()).unwrap_or_default()
}

/// What may be absent, as a cell.
pub fn optional<T: ToString>(value: Option<T>) -> Cow<'static, str> {
    value.map(|value| value.to_string()).unwrap_or_default().into()
}
