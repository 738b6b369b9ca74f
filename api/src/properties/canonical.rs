//! The canonical body: exactly one text for each meaning, as defined by RFC 8785, and no text with two meanings.

use super::check;
use super::json::{Node, canonical, nodes, spelled, value};
use proptest::prelude::*;
use serde_json::Value as Json;

/// The same value with a single difference.
fn changed(node: &Node, place: usize) -> Node {
    match node {
        Node::Null => Node::Flag(false),
        Node::Flag(flag) => Node::Flag(!flag),
        Node::Number(thousandths) => Node::Number(thousandths ^ 1),
        Node::Text(text) => Node::Text(format!("{text}{}", ['\0', '"', ' ', '\u{301}'][place % 4])),
        Node::List(items) if items.is_empty() => Node::List(vec![Node::Null]),
        Node::List(items) => {
            let mut items = items.clone();
            let which = place % items.len();
            if place.is_multiple_of(3) {
                drop(items.remove(which))
            } else {
                items[which] = changed(&items[which], place / 3)
            }
            Node::List(items)
        }
        Node::Object(fields) if fields.is_empty() => Node::Object([(String::new(), Node::Null)].into()),
        Node::Object(fields) => {
            let mut fields = fields.clone();
            let name = fields.keys().nth(place % fields.len()).unwrap().clone();
            let field = fields.remove(&name).unwrap();
            match place % 3 {
                0 => None,
                1 => fields.insert(name, changed(&field, place / 3)),
                _ => fields.insert(format!("{name}'"), field),
            };
            Node::Object(fields)
        }
    }
}

#[test]
fn equal_values_have_the_same_canonical_text_and_different_values_do_not() {
    let text = |json: &str| entity::text::canonical(&serde_json::from_str::<Json>(json).unwrap()).unwrap();
    let inputs = (nodes(), nodes(), any::<(u64, u64)>(), any::<usize>());
    check("canonical body", inputs, |(node, other, (one, two), place)| {
        let (first, second) = (spelled(&node, one), spelled(&node, two));
        prop_assert_eq!(text(&first), canonical(&node), "{}", first);
        prop_assert_eq!(text(&second), canonical(&node), "{}", second);
        prop_assert_eq!(text(&text(&first)), canonical(&node), "{}", first);
        prop_assert_eq!(entity::text::canonical(&value(&node)).unwrap(), canonical(&node));
        for other in [other, changed(&node, place)] {
            prop_assert_eq!(text(&spelled(&other, one)) == text(&first), other == node, "{:?}", other);
        }
        Ok(())
    });
}
