//! Fingerprints: equal for the same request, different for any other.

use super::*;
use crate::properties::{check, text};
use proptest::prelude::*;
use proptest::sample::Index;

#[test]
fn different_requests_have_different_fingerprints() {
    let of = |path: &str, body: &str| fingerprint(&[7; 32], path, &sha256_hex(body.as_bytes())).unwrap();
    let inputs = (text(12), text(12), text(12), text(12), any::<Index>());
    check("canonical body, in fingerprints", inputs, |(path, body, other_path, other_body, place)| {
        let print = of(&path, &body);
        prop_assert_eq!(&of(&path, &body), &print);
        // The same characters, split differently into path and body.
        let whole: Vec<char> = format!("{path}{body}").chars().collect();
        let (head, tail) = whole.split_at(place.index(whole.len() + 1));
        for (other_path, other_body) in
            [(String::from_iter(head), String::from_iter(tail)), (other_path, body.clone()), (path.clone(), other_body)]
        {
            let is_same = (&other_path, &other_body) == (&path, &body);
            prop_assert_eq!(of(&other_path, &other_body) == print, is_same, "{:?} {:?}", other_path, other_body);
        }
        prop_assert!(fingerprint(&[8; 32], &path, &sha256_hex(body.as_bytes())).unwrap() != print, "with another key");
        Ok(())
    });
}
