//! Query strings: read as a second, plain implementation reads them, and refused where it refuses.

use super::*;
use crate::properties::{check, letter};
use proptest::prelude::*;
use proptest::sample::select;

/// One part of a query string, as sent.
fn pieces() -> impl Strategy<Value = String> {
    let known = ["text", "id", "count", "flag", "item", "t%65xt", "unknown", "te+xt", "%FF", ""];
    let values = [
        "12",
        "-7",
        "007",
        "%2B5",
        "-0",
        "%201",
        "01a20725-be30-7584-bca5-f00e655c90d6",
        "01A20725-BE30-7584-BCA5-F00E655C90D6",
        "01a20725be307584bca5f00e655c90d6",
        "%7B01a20725-be30-7584-bca5-f00e655c90d6%7D",
        "urn:uuid:01a20725-be30-7584-bca5-f00e655c90d6",
        "-",
        "9223372036854775807",
        "9223372036854775808",
        "1.0",
        "true",
        "false",
        "TRUE",
        "%74rue",
        "",
    ];
    let broken =
        ["%", "%2", "%zz", "%00", "%C3%A9", "e%CC%81", "%FF", "%ED%A0%80", "%f0%9f%a6%8A", "+", "%2b", "%26", "%3D", "="];
    let written = prop_oneof![
        select(broken.to_vec()).prop_map(str::to_owned),
        letter().prop_map(|letter| letter.to_string()),
        letter().prop_map(|letter| letter.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect()),
    ];
    let value = prop_oneof![
        select(values.to_vec()).prop_map(str::to_owned),
        prop::collection::vec(written, 0..6).prop_map(|pieces| pieces.concat()),
    ];
    let name = prop_oneof![6 => select(known[..5].to_vec()), 1 => select(known.to_vec())];
    (name, prop::option::weighted(0.95, value))
        .prop_map(|(name, value)| value.map_or(name.to_owned(), |value| format!("{name}={value}")))
}

fn parameters() -> ParameterKinds {
    let known = [
        ("text", ParameterKind::Text),
        ("id", ParameterKind::Id),
        ("count", ParameterKind::Integer),
        ("flag", ParameterKind::Boolean),
        ("item", ParameterKind::List),
    ];
    known.map(|(name, kind)| (name.to_owned(), kind)).into()
}

/// Byte by byte; `None` where it isn't valid UTF-8.
fn plain(text: &str) -> Option<String> {
    let digit = |place: usize| char::from(*text.as_bytes().get(place)?).to_digit(16);
    let (mut bytes, mut place) = (Vec::new(), 0);
    while let Some(byte) = text.as_bytes().get(place) {
        match (byte, digit(place + 1), digit(place + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap());
                place += 2;
            }
            (b'+', ..) => bytes.push(b' '),
            (other, ..) => bytes.push(*other),
        }
        place += 1;
    }
    String::from_utf8(bytes).ok()
}

/// The values, unless any of them is invalid.
fn expected(query: &str) -> Option<Map<String, Json>> {
    let mut values = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (plain(name)?, entity::text::normalised(&plain(value)?));
        if value.contains('\0') {
            return None;
        }
        if name == "item" {
            values.entry(name).or_insert_with(|| Json::Array(vec![])).as_array_mut()?.push(value.into());
            continue;
        }
        let value = match name.as_str() {
            "text" => Json::from(value),
            "count" if value.starts_with('+') || value == "-0" => return None,
            "count" if value.len() > 1 && value.trim_start_matches('-').starts_with('0') => return None,
            "count" => Json::from(value.parse::<i64>().ok()?),
            "id" if [8, 13, 18, 23].iter().all(|place| value.as_bytes().get(*place) == Some(&b'-')) && value.len() == 36 => {
                let digits: String = value.chars().filter(|letter| *letter != '-').collect();
                let is_hex = digits.len() == 32 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
                if is_hex { Json::from(value.to_lowercase()) } else { return None }
            }
            "flag" if ["true", "false"].contains(&value.as_str()) => Json::from(value == "true"),
            _ => return None,
        };
        if values.insert(name, value).is_some() {
            return None;
        }
    }
    Some(values)
}

#[test]
fn the_parser_of_queries_agrees_with_a_plain_implementation() {
    let known = parameters();
    check("query strings", prop::collection::vec(pieces(), 0..5), |pieces| {
        let query = pieces.join("&");
        let read = read_all(&query, &[&known]);
        if let Err(error) = &read {
            let named = error.problem("", "").errors;
            prop_assert!(error.code == Code::InvalidParameter && !named.is_empty(), "{}: names the invalid parameters", query);
        }
        prop_assert_eq!(read.ok(), expected(&query), "{}", query);
        Ok(())
    });
}
