//! JSON values, and the many ways to write each of them.

use super::text;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A value whose meaning doesn't depend on how it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Null,
    Flag(bool),
    /// A number, in thousandths.
    Number(i64),
    Text(String),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

/// Up to this number of thousandths, a double distinguishes each of them.
const THOUSANDTHS_MAX: i64 = 1_000_000_000_000_000;

pub fn nodes() -> impl Strategy<Value = Node> {
    let number = prop_oneof![
        (-2000..2000_i64).prop_map(|whole| Node::Number(whole * 1000)),
        (-5000..5000_i64).prop_map(Node::Number),
        (-THOUSANDTHS_MAX..=THOUSANDTHS_MAX).prop_map(Node::Number),
    ];
    let leaf = prop_oneof![
        1 => Just(Node::Null),
        1 => any::<bool>().prop_map(Node::Flag),
        3 => number,
        3 => text(6).prop_map(Node::Text),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
            prop::collection::btree_map(text(4), inner, 0..5).prop_map(Node::Object),
        ]
    })
}

/// Objects, as named values.
pub fn objects() -> impl Strategy<Value = BTreeMap<String, Node>> {
    prop::collection::btree_map(text(4), nodes(), 0..4)
}

/// One of the ways to write a value; `seed` selects which.
pub fn spelled(node: &Node, seed: u64) -> String {
    let mut said = String::new();
    write(node, &mut ChaCha8Rng::seed_from_u64(seed), &mut said);
    said
}

/// A number below a limit.
fn below(rng: &mut ChaCha8Rng, limit: usize) -> usize {
    usize::try_from(rng.next_u32()).unwrap() % limit
}

fn blank(rng: &mut ChaCha8Rng, said: &mut String) {
    said.push_str(["", "", "", " ", "\n", "\t\r\n"][below(rng, 6)]);
}

fn write(node: &Node, rng: &mut ChaCha8Rng, said: &mut String) {
    blank(rng, said);
    match node {
        Node::Null => said.push_str("null"),
        Node::Flag(flag) => said.push_str(&flag.to_string()),
        Node::Number(thousandths) => said.push_str(&number(*thousandths, rng)),
        Node::Text(text) => quoted(text, rng, said),
        Node::List(items) => {
            said.push('[');
            for (index, item) in items.iter().enumerate() {
                said.push_str(if index == 0 { "" } else { "," });
                write(item, rng, said);
            }
            said.push(']');
        }
        Node::Object(fields) => {
            said.push('{');
            let mut fields: Vec<_> = fields.iter().collect();
            let turn = below(rng, fields.len().max(1));
            fields.rotate_left(turn);
            for (index, (name, field)) in fields.into_iter().enumerate() {
                said.push_str(if index == 0 { "" } else { "," });
                blank(rng, said);
                quoted(name, rng, said);
                blank(rng, said);
                said.push(':');
                write(field, rng, said);
            }
            said.push('}');
        }
    }
    blank(rng, said);
}

fn number(thousandths: i64, rng: &mut ChaCha8Rng) -> String {
    let (sign, size) = (if thousandths < 0 { "-" } else { "" }, thousandths.unsigned_abs());
    match rng.next_u32() % 4 {
        0 => format!("{thousandths}e-3"),
        1 => format!("{sign}{}.{:03}", size / 1000, size % 1000),
        2 => format!("{sign}{}.{:03}000E+0", size / 1000, size % 1000),
        _ => plain_number(thousandths),
    }
}

/// The shortest notation.
pub fn plain_number(thousandths: i64) -> String {
    let (sign, size) = (if thousandths < 0 { "-" } else { "" }, thousandths.unsigned_abs());
    let decimals = format!(".{:03}", size % 1000);
    format!("{sign}{}{}", size / 1000, decimals.trim_end_matches('0').trim_end_matches('.'))
}

fn quoted(text: &str, rng: &mut ChaCha8Rng, said: &mut String) {
    said.push('"');
    for letter in text.chars() {
        let must_be_escaped = letter < ' ' || matches!(letter, '"' | '\\');
        if must_be_escaped || rng.next_u32().is_multiple_of(4) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                said.push_str(&if rng.next_u32().is_multiple_of(2) {
                    format!("\\u{unit:04x}")
                } else {
                    format!("\\u{unit:04X}")
                });
            }
        } else {
            said.push(letter);
        }
    }
    said.push('"');
}

/// The canonical text of RFC 8785, implemented independently: names in the order of their UTF-16 code units, no whitespace, the
/// fewest escapes.
pub fn canonical(node: &Node) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Flag(flag) => flag.to_string(),
        Node::Number(thousandths) => plain_number(*thousandths),
        Node::Text(text) => plainly_quoted(text),
        Node::List(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Node::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| name.encode_utf16().collect::<Vec<_>>());
            let fields = fields.into_iter().map(|(name, field)| format!("{}:{}", plainly_quoted(name), canonical(field)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
    }
}

fn plainly_quoted(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        control if control < ' ' => format!("\\u{:04x}", u32::from(control)),
        letter => letter.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// The value as seen by its readers.
pub fn value(node: &Node) -> Json {
    match node {
        Node::Null => Json::Null,
        Node::Flag(flag) => Json::Bool(*flag),
        Node::Number(thousandths) => serde_json::from_str(&plain_number(*thousandths)).unwrap(),
        Node::Text(text) => Json::String(text.clone()),
        Node::List(items) => Json::Array(items.iter().map(value).collect()),
        Node::Object(fields) => {
            Json::Object(fields.iter().map(|(name, field)| (name.clone(), value(field))).collect::<Map<_, _>>())
        }
    }
}
