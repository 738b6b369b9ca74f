//! CSV: every cell is read back exactly, after removing the apostrophe before what a spreadsheet would execute.

use super::*;
use crate::properties::{check, letter};
use proptest::prelude::*;
use proptest::sample::select;

fn cells() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(
            [
                "=",
                "+",
                "-",
                "@",
                "'",
                "\"",
                "\"\"",
                ",",
                "\r\n",
                "\n",
                "\r",
                "\t",
                " ",
                "\u{feff}",
                "1",
                "-1",
                "+49 30 1234",
                "+1 (312) 555-0100",
                ".5",
                "cmd|' /C calc'!A0"
            ]
            .as_slice()
        )
        .prop_map(str::to_owned),
        letter().prop_map(|letter| letter.to_string()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn tables() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..4_usize).prop_flat_map(|columns| {
        let rows = prop::collection::vec(prop::collection::vec(cells(), columns), 0..4);
        rows.prop_map(move |rows| [vec![vec!["header".to_owned(); columns]], rows].concat())
    })
}

/// Strict RFC 4180: rows of cells, or `None` where the text isn't well-formed.
fn parsed(mut rest: &str) -> Option<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let mut row = Vec::new();
        loop {
            let cell;
            (cell, rest) = if rest.starts_with('"') { quoted(rest)? } else { bare(rest) };
            row.push(cell);
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix("\r\n")?;
        rows.push(row);
    }
    Some(rows)
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut end = 1;
    loop {
        end += text[end..].find('"')?;
        if !text[end + 1..].starts_with('"') {
            return Some((text[1..end].replace("\"\"", "\""), &text[end + 1..]));
        }
        end += 2;
    }
}

fn bare(text: &str) -> (String, &str) {
    let (cell, rest) = text.split_at(text.find([',', '\r', '\n', '"']).unwrap_or(text.len()));
    (cell.to_owned(), rest)
}

/// Whether a spreadsheet could interpret it as a formula, by a plain list of what it may skip before the sign.
fn may_run(cell: &str) -> bool {
    const SKIPPED: &str = "\0\t\n\r \u{7f}\u{85}\u{a0}\u{ad}\u{200b}\u{200d}\u{2028}\u{202e}\u{3000}\u{feff}\u{e0041}";
    const SIGNS: &str = "=+-@＝＋－＠﹢﹣﹦﹫\u{2212}";
    let is_number = cell.strip_prefix('-').is_some_and(|rest| rest.parse::<f64>().is_ok_and(f64::is_finite));
    let is_phone = cell.strip_prefix('+').is_some_and(|rest| rest.chars().all(|letter| "0123456789 ()-./".contains(letter)));
    let begins = cell.chars().find(|letter| !SKIPPED.contains(*letter));
    !is_number && !is_phone && begins.is_some_and(|letter| SIGNS.contains(letter))
}

/// What a reader does to get the cell back, as documented.
fn restored(cell: &str) -> &str {
    let bare = cell.trim_start_matches('\'');
    if bare.len() < cell.len() && is_executed(bare) { &cell[1..] } else { cell }
}

#[test]
fn cells_gain_at_most_an_apostrophe_and_none_is_a_formula() {
    check("CSV", tables(), |table| {
        let text = lines(table.iter().map(|row| row.iter().map(|cell| Cow::from(cell.as_str())).collect()));
        let text = text.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let text = std::str::from_utf8(&text).unwrap();
        let rows = parsed(text).ok_or_else(|| TestCaseError::fail(format!("{text:?} is not RFC 4180")))?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let by_library: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(&rows, &by_library, "{:?}", text);
        prop_assert_eq!(rows.len(), table.len());
        for (cell, was) in rows.concat().iter().zip(table.concat()) {
            prop_assert!(!may_run(cell) && !cell.starts_with(['\t', '\r', '\n']), "{:?} runs", cell);
            prop_assert!(*cell == was || *cell == format!("'{was}"), "{:?} became {:?}", was, cell);
            prop_assert_eq!(restored(cell), &was, "{:?} is not restored", cell);
            let is_plain = was.chars().find(|letter| *letter != '\'').is_none_or(|first| first.is_ascii_alphanumeric());
            prop_assert!(!is_plain || *cell == was, "{:?} needed no apostrophe", was);
        }
        Ok(())
    });
}
