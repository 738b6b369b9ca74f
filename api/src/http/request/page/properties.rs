//! Cursors: an issued one leads back to its position, and nothing else is accepted.

use super::*;
use crate::properties::{check, text};
use proptest::prelude::*;
use uuid::Uuid;

const KEY: [u8; 32] = [7; 32];
/// The characters of a cursor, and some that don't occur in one.
const LETTERS: &[u8] = b"ABCXYZabcxyz0189-_.=+/ ";

/// An issued cursor, changed without the key.
#[derive(Clone, Debug)]
enum Forgery {
    Replace(usize, usize),
    Insert(usize, usize),
    Remove(usize),
    Cut(usize),
    /// A different body in front of its tag.
    Body(Token),
    /// The first bytes of its tag.
    Tag(usize),
    /// The whole cursor again, after it.
    Twice,
    OtherKey([u8; 32]),
    Anything(String),
}

fn tokens() -> impl Strategy<Value = Token> {
    let position = (prop::option::of(text(12)), any::<u128>());
    let position = position.prop_map(|(value, id)| Position { value, id: Uuid::from_u128(id) });
    let until = prop::option::of(any::<i64>());
    let seen = prop::option::of(prop::collection::vec(any::<u64>(), 0..8));
    let ledger = prop::option::of((any::<i64>(), any::<u128>()));
    let ledger = ledger.prop_map(|ledger| {
        ledger.map(|(last_sequence, last_id)| LedgerExtent { last_sequence, last_id: Uuid::from_u128(last_id) })
    });
    (any::<u128>(), position, until, seen, ledger).prop_map(|(list, position, until, seen, ledger)| Token {
        bound_to: format!("{list:032x}"),
        position,
        until,
        seen,
        ledger,
    })
}

fn forgeries() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        3 => (any::<usize>(), any::<usize>()).prop_map(|(place, letter)| Forgery::Replace(place, letter)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(place, letter)| Forgery::Insert(place, letter)),
        1 => any::<usize>().prop_map(Forgery::Remove),
        1 => any::<usize>().prop_map(Forgery::Cut),
        1 => tokens().prop_map(Forgery::Body),
        1 => (0..32_usize).prop_map(Forgery::Tag),
        1 => Just(Forgery::Twice),
        1 => any::<[u8; 32]>().prop_map(Forgery::OtherKey),
        1 => text(40).prop_map(Forgery::Anything),
    ]
}

fn forged(cursor: &str, token: &Token, forgery: &Forgery) -> String {
    let mut letters: Vec<u8> = cursor.bytes().collect();
    let letter = |letter: &usize| LETTERS[letter % LETTERS.len()];
    match forgery {
        Forgery::Replace(place, with) => letters[place % cursor.len()] = letter(with),
        Forgery::Insert(place, what) => letters.insert(place % (cursor.len() + 1), letter(what)),
        Forgery::Remove(place) => drop(letters.remove(place % cursor.len())),
        Forgery::Cut(length) => letters.truncate(length % cursor.len()),
        Forgery::Twice => letters.extend_from_within(..),
        Forgery::Body(other) => {
            let body = BASE64.encode(serde_json::to_vec(other).unwrap());
            return format!("{body}.{}", cursor.split_once('.').unwrap().1);
        }
        Forgery::Tag(length) => {
            let (body, tag) = cursor.split_once('.').unwrap();
            return format!("{body}.{}", BASE64.encode(&BASE64.decode(tag).unwrap()[..*length]));
        }
        Forgery::OtherKey(key) => return seal(key, token),
        Forgery::Anything(text) => return text.clone(),
    }
    String::from_utf8(letters).unwrap()
}

#[test]
fn issued_cursors_are_accepted_and_forged_ones_are_refused() {
    check("cursors", (tokens(), forgeries()), |(token, forgery)| {
        let cursor = seal(&KEY, &token);
        let opened = open(&KEY, &cursor, &token.bound_to).map_err(|_| TestCaseError::fail("refused"))?;
        prop_assert_eq!(&opened.position, &token.position);
        prop_assert_eq!((opened.until, &opened.seen), (token.until, &token.seen));
        prop_assert!(cursor.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter)));
        prop_assert!(open(&KEY, &cursor, &format!("{}0", token.bound_to)).is_err(), "of another list");

        let forged = forged(&cursor, &token, &forgery);
        prop_assert!(forged == cursor || open(&KEY, &forged, &token.bound_to).is_err(), "{}", forged);
        Ok(())
    });
}
