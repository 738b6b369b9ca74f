//! Metadata: accepted values keep their meaning, and refused ones violate a rule.

use super::*;
use crate::properties::check;
use crate::properties::json::{Node, nodes, objects, spelled, value};
use crate::wire::{Code, json};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use validator::Validate;

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Report {
    #[validate(nested)]
    metadata: Facts,
}

/// A modification of the facts that violates a rule, or nearly does.
#[derive(Clone, Debug)]
enum Twist {
    None,
    /// Nesting of this depth.
    Deep(usize),
    /// This many keys in addition to the others.
    Keys(usize),
    /// One key of this many characters.
    Key(usize),
    /// A text of this many bytes.
    Long(usize),
    /// A number as written, and whether it is allowed.
    Number(&'static str, bool),
    /// A duplicate key.
    Again,
}

fn twists() -> impl Strategy<Value = Twist> {
    let numbers = [
        ("9007199254740991", true),
        ("-9007199254740991", true),
        ("9007199254740993", false),
        ("1e16", false),
        ("18446744073709551616", false),
        ("1e308", false),
        ("0.0001", false),
        ("0.0010", true),
        ("-0", true),
        ("1e-3", true),
        ("12.3456", false),
    ];
    prop_oneof![
        60 => Just(Twist::None),
        10 => (1..20_usize).prop_map(Twist::Deep),
        2 => (245..262_usize).prop_map(Twist::Keys),
        5 => (126..131_usize).prop_map(Twist::Key),
        1 => select([25_000, 33_000].to_vec()).prop_map(Twist::Long),
        15 => select(numbers.to_vec()).prop_map(|(text, is_taken)| Twist::Number(text, is_taken)),
        5 => Just(Twist::Again),
    ]
}

/// The nesting depth of a value, including itself.
fn depth(node: &Node) -> usize {
    match node {
        Node::List(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Node::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        Node::Null | Node::Flag(_) | Node::Number(_) | Node::Text(_) => 0,
    }
}

/// Calls `see` with each key and each text, and whether it is a key, and counts the keys.
fn walk(node: &Node, see: &mut impl FnMut(&str, bool)) -> usize {
    match node {
        Node::Text(text) => {
            see(text, false);
            0
        }
        Node::List(items) => items.iter().map(|item| walk(item, see)).sum(),
        Node::Object(fields) => fields
            .iter()
            .map(|(name, field)| {
                see(name, true);
                1 + walk(field, see)
            })
            .sum(),
        Node::Null | Node::Flag(_) | Node::Number(_) => 0,
    }
}

/// The facts with their modification, their text in the body, and whether the modification alone is accepted.
fn twisted(facts: &mut BTreeMap<String, Node>, twist: &Twist, seed: u64) -> (String, bool) {
    let mut raw = String::new();
    let mut is_taken = true;
    match twist {
        Twist::None => {}
        Twist::Deep(levels) => {
            let deep = (0..*levels).fold(Node::Null, |inner, _| Node::List(vec![inner]));
            facts.insert("deep".to_owned(), deep);
        }
        Twist::Keys(count) => {
            let many = (0..*count).map(|key| (format!("k{key}"), Node::Null)).collect();
            facts.insert("many".to_owned(), Node::Object(many));
        }
        Twist::Key(length) => drop(facts.insert("é".repeat(*length), Node::Null)),
        Twist::Long(length) => drop(facts.insert("long".to_owned(), Node::Text("x".repeat(*length)))),
        Twist::Number(text, taken) => (raw, is_taken) = (format!("\"number\":{text},"), *taken),
        Twist::Again => (raw, is_taken) = ("\"again\":1,\"again\":1,".to_owned(), false),
    }
    let facts = spelled(&Node::Object(facts.clone()), seed);
    let facts = facts.trim();
    let rest = facts.strip_prefix('{').unwrap();
    let body = if rest.trim() == "}" { format!("{{{}}}", raw.trim_end_matches(',')) } else { format!("{{{raw}{rest}") };
    (format!("{{\"metadata\":{body}}}"), is_taken)
}

#[test]
fn metadata_is_accepted_unchanged_or_refused_by_a_rule() {
    check("metadata", (objects(), nodes(), twists(), any::<u64>()), |(mut facts, node, twist, seed)| {
        facts.insert("value".to_owned(), node);
        let (body, mut is_taken) = twisted(&mut facts, &twist, seed);
        let whole = Node::Object(facts.clone());
        let keys = walk(&whole, &mut |text, is_key| {
            let is_right = !text.contains('\0') && (!is_key || (text.chars().count() <= 128 && text::normalised(text) == text));
            is_taken &= is_right;
        });
        let keys = keys + usize::from(matches!(twist, Twist::Number(..)));
        is_taken &= keys <= 256 && depth(&whole) < 16;
        let mut given = value(&whole);
        normalise(&mut given);
        if let Twist::Number(text, _) = twist {
            given["number"] = serde_json::from_str(text).unwrap();
        }
        is_taken &= given.to_string().len() <= 32 * 1024;

        match json::read::<Report>(body.as_bytes()) {
            Ok(read) => {
                prop_assert!(is_taken, "taken: {}", body);
                let text = |facts: &Json| entity::text::canonical(facts).unwrap();
                let kept = text(&serde_json::to_value(&read.metadata).unwrap());
                prop_assert_eq!(&kept, &text(&given), "its meaning changed");
                prop_assert_eq!(&text(&serde_json::from_str(&kept).unwrap()), &kept, "reading its text gives a different text");
            }
            Err(error) => {
                prop_assert!(!is_taken, "refused with {:?}: {}", error.code, body);
                prop_assert!(matches!(error.code, Code::MalformedJson | Code::ValidationFailed), "{:?}", error.code);
            }
        }
        Ok(())
    });
}

/// NFC in every text that isn't a key.
fn normalise(value: &mut Json) {
    match value {
        Json::String(text) => *text = text::normalised(text),
        Json::Array(items) => items.iter_mut().for_each(normalise),
        Json::Object(fields) => fields.values_mut().for_each(normalise),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
