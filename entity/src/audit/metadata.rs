//! An entry's metadata: what its action's row allows and requires, checked while the service is compiled where the constructors
//! name it, and once more when an entry is written.

use super::key::{self, Shape, Word};
use super::{Action, Outcome, Refusal};
use serde_json::{Map, Value as Json, json};

/// The metadata of one entry, with the action whose row it fits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metadata {
    pub action: Action,
    pub values: Map<String, Json>,
}

impl Metadata {
    /// The beginning of the metadata of a refused request, of which nothing else is known.
    pub fn empty(action: Action) -> Self {
        Self { action, values: Map::new() }
    }
}

/// The metadata of an entry: `metadata![CaseHeld; REASON = reason, HELD_AT = after.held_at]`.
///
/// A key that is not in the action's row does not compile, nor does a value of another type, nor a required key that is missing.
/// `[KEY] = value` sets the key only if there is a value. After `failed`, required keys may be missing.
macro_rules! metadata {
    ($action:ident; $($rest:tt)*) => {
        $crate::audit::metadata::metadata!(@fill ($action) $crate::audit::Action::$action; true; $($rest)*)
    };
    ($action:ident failed; $($rest:tt)*) => {
        $crate::audit::metadata::metadata!(@fill ($action) $crate::audit::Action::$action; false; $($rest)*)
    };
    (if $first:expr => $action:ident, else $other:ident; $($rest:tt)*) => {
        $crate::audit::metadata::metadata!(@fill ($action $other)
            if $first { $crate::audit::Action::$action } else { $crate::audit::Action::$other }; true; $($rest)*)
    };
    (@fill ($($action:ident)*) $is:expr; $is_whole:literal; $($key:tt = $value:expr),* $(,)?) => {{
        const GIVEN: &[&str] = &[$($crate::audit::metadata::metadata!(@key $key).name()),*];
        $(const _: () = $crate::audit::metadata::ensure_row($crate::audit::Action::$action, GIVEN, $is_whole);)*
        let mut values = serde_json::Map::new();
        $($crate::audit::metadata::metadata!(@put values, $key, $value);)*
        $crate::audit::metadata::Metadata { action: $is, values }
    }};
    (@key [$key:ident]) => { $crate::audit::key::$key };
    (@key $key:ident) => { $crate::audit::key::$key };
    (@put $values:ident, [$key:ident], $value:expr) => {
        if let Some(value) = $value {
            $crate::audit::key::$key.put(value, &mut $values);
        }
    };
    (@put $values:ident, $key:ident, $value:expr) => { $crate::audit::key::$key.put($value, &mut $values) };
}
pub(crate) use metadata;

/// Fails while compiling if a key is not in the action's row, or if a required key is missing.
pub(crate) const fn ensure_row(action: Action, given: &[&str], is_whole: bool) {
    let (required, optional) = (action.required_metadata(), action.optional_metadata());
    let mut rest = given;
    while let [name, others @ ..] = rest {
        assert!(lists(required, name) || lists(optional, name), "this key is not in the row of the action");
        rest = others;
    }
    let mut rest = required;
    while let [word, others @ ..] = rest {
        assert!(!is_whole || names(given, word.name), "a key that the row of the action requires is missing");
        rest = others;
    }
}

const fn lists(words: &[Word], name: &str) -> bool {
    let mut rest = words;
    while let [word, others @ ..] = rest {
        if same(word.name, name) {
            return true;
        }
        rest = others;
    }
    false
}

const fn names(given: &[&str], name: &str) -> bool {
    let mut rest = given;
    while let [other, others @ ..] = rest {
        if same(other, name) {
            return true;
        }
        rest = others;
    }
    false
}

/// Texts can't be compared with `==` while compiling.
const fn same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, rest_of_one @ ..], [b, rest_of_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest_of_one, rest_of_other);
    }
    one.is_empty() && other.is_empty()
}

impl Shape {
    const fn json_type(self) -> &'static str {
        match self {
            Self::Text | Self::Instant => "string",
            Self::Count => "integer",
            Self::Number => "number",
            Self::Flag => "boolean",
            Self::List => "array",
            Self::Object => "object",
        }
    }

    fn fits(self, value: &Json) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Instant => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            Self::Count => value.as_u64().is_some(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

impl Word {
    fn fits(self, value: &Json) -> bool {
        self.shape.fits(value) || (self.may_be_null && value.is_null())
    }

    fn schema(self) -> Json {
        let own = self.shape.json_type();
        let kind = if self.may_be_null { json!([own, "null"]) } else { json!(own) };
        match self.shape {
            Shape::Instant => json!({"type": kind, "format": "date-time"}),
            Shape::Count => json!({"type": kind, "minimum": 0}),
            Shape::Text | Shape::Number | Shape::Flag | Shape::List | Shape::Object => json!({"type": kind}),
        }
    }
}

/// The JSON Schema (2020-12) of the metadata that a success of this action contains at least.
pub fn schema(action: Action) -> Map<String, Json> {
    let required = action.required_metadata();
    let properties: Map<String, Json> = required.iter().map(|word| (word.name.to_owned(), word.schema())).collect();
    let names: Vec<&str> = required.iter().map(|word| word.name).collect();
    let schema = json!({"type": "object", "properties": properties, "required": names});
    schema.as_object().cloned().unwrap_or_default()
}

/// The keys that an entry of any action may have in addition if it is not a success.
const UNSUCCESSFUL: [Word; 4] = [key::CODE.word(), key::EVENT.word(), key::FOLDED_COUNT.word(), key::OPERATION.word()];

/// Refuses a success without the metadata that its type requires, and in debug builds a key that is not in its row and a value of
/// the wrong type. Failures and denials contain whatever is known of it.
pub(super) fn ensure(action: Action, outcome: Outcome, metadata: &Map<String, Json>) -> Result<(), Refusal> {
    let is_whole = outcome == Outcome::Success;
    let missing = action.required_metadata().iter().find(|word| is_whole && !metadata.contains_key(word.name));
    let wrong = missing.map(|word| word.name.to_owned()).or_else(|| {
        let is_right = |name: &str, value: &Json| {
            let own = action.required_metadata().iter().chain(action.optional_metadata());
            let more = if is_whole { &[][..] } else { &UNSUCCESSFUL };
            let word = own.chain(more).find(|word| word.name == name);
            word.is_some_and(|word| word.fits(value))
        };
        // What another system reports is its own: nothing is known of its keys and values.
        let is_known = cfg!(debug_assertions) && !action.takes_any_metadata();
        let mut values = metadata.iter().filter(|_| is_known);
        values.find(|(name, value)| !is_right(name, value)).map(|(name, _)| name.clone())
    });
    wrong.map_or(Ok(()), |key| Err(Refusal::Metadata { action: action.code(), key }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_needs_its_required_metadata_with_the_right_types() {
        let ensure = |outcome, metadata: Json| ensure(Action::Logout, outcome, metadata.as_object().unwrap());
        assert!(ensure(Outcome::Success, json!({"session_id": "s", "session_duration_seconds": 3})).is_ok());
        for part in [json!({}), json!({"session_id": "s"})] {
            assert!(ensure(Outcome::Success, part.clone()).is_err() && ensure(Outcome::Denied, part.clone()).is_ok(), "{part}");
        }
        for wrong in [
            json!({"session_id": "s", "session_duration_seconds": null}),
            json!({"session_id": "s", "session_duration_seconds": -3}),
            json!({"session_id": 7, "session_duration_seconds": 3}),
        ] {
            assert!(ensure(Outcome::Success, wrong.clone()).is_err(), "{wrong}");
            assert!(ensure(Outcome::Failure, wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_is_not_in_the_row_is_refused() {
        let ensure = |action, outcome, metadata: Json| ensure(action, outcome, metadata.as_object().unwrap());
        let whole = json!({"session_id": "s", "session_duration_seconds": 3, "operation": "logout"});
        assert!(ensure(Action::Logout, Outcome::Success, whole.clone()).is_err());
        assert!(ensure(Action::Logout, Outcome::Denied, whole).is_ok());
        assert!(ensure(Action::Other, Outcome::Success, json!({"event": "x", "anything": [1]})).is_ok());
    }
}
