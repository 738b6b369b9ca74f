//! The vocabulary of entry metadata: each key means the same in every action, so its type is defined once.

use super::{Action, Outcome, Refusal};
use serde_json::{Map, Value as Json, json};

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    /// RFC 3339 in UTC.
    Instant,
    /// A whole number, 0 or more.
    Count,
    Number,
    Flag,
    List,
    Object,
}

use Shape::{Count, Flag, Instant, List, Number, Object, Text};

/// Each key, its type, and whether it may be null.
const VOCABULARY: &[(&str, Shape, bool)] = &[
    ("attempt", Count, true),
    ("author", Text, true),
    ("batch_id", Text, true),
    ("case_number", Text, false),
    ("changed_by", Text, false),
    ("delivery_status", Text, false),
    ("document_type", Text, true),
    ("dry_run", Flag, false),
    ("duration_ms", Count, true),
    ("edit_source", Text, false),
    ("edited_by", Text, false),
    ("edited_by_role", Text, true),
    ("edited_fields", List, false),
    ("email", Text, false),
    ("error_message", Text, true),
    ("event", Text, false),
    ("expected_duration_days", Number, true),
    ("expected_end_at", Instant, true),
    ("export_type", Text, false),
    ("fields", List, false),
    ("file_size", Count, false),
    ("filename", Text, false),
    ("filters", Object, false),
    ("format", Text, true),
    ("from_username", Text, true),
    ("held_at", Instant, true),
    ("hold_duration_seconds", Count, true),
    ("hold_reason", Text, true),
    ("job_name", Text, false),
    ("kind", Text, false),
    ("length", Count, false),
    ("level_override", Flag, false),
    ("member_count", Count, false),
    ("new_allowance", Count, true),
    ("new_complexity", Text, true),
    ("new_documents", Count, false),
    ("new_level", Text, true),
    ("new_role", Text, false),
    ("new_tier", Text, true),
    ("original_technician", Text, true),
    ("overdue", Flag, false),
    ("parameters", Object, false),
    ("post_submission", Flag, false),
    ("previous_complexity", Text, true),
    ("previous_level", Text, true),
    ("previous_role", Text, false),
    ("previous_status", Text, true),
    ("previous_tier", Text, true),
    ("quarter", Text, false),
    ("reason", Text, true),
    ("recipient", Text, false),
    ("record_count", Count, true),
    ("records_failed", Count, true),
    ("records_processed", Count, true),
    ("report_type", Text, false),
    ("reset_type", Text, false),
    ("resubmission_count", Count, false),
    ("resumed_at", Instant, false),
    ("review_action", Text, true),
    ("review_cycle", Count, true),
    ("role", Text, false),
    ("row_count", Count, true),
    ("rush_fee", Count, false),
    ("session_duration_seconds", Count, false),
    ("session_id", Text, false),
    ("severity", Text, false),
    ("status", Text, false),
    ("submitted_at", Instant, true),
    ("template", Text, true),
    ("to_username", Text, true),
    ("uploaded_by_role", Text, true),
    ("urgency", Text, false),
    ("user_agent", Text, true),
    ("user_level", Text, true),
    ("username", Text, false),
    ("view_type", Text, false),
    ("visibility", Text, false),
    ("workshop_code", Text, false),
];

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

    fn schema(self, may_be_null: bool) -> Json {
        let own = self.json_type();
        let kind = if may_be_null { json!([own, "null"]) } else { json!(own) };
        match self {
            Self::Instant => json!({"type": kind, "format": "date-time"}),
            Self::Count => json!({"type": kind, "minimum": 0}),
            Self::Text | Self::Number | Self::Flag | Self::List | Self::Object => json!({"type": kind}),
        }
    }
}

fn word(name: &str) -> Option<(Shape, bool)> {
    VOCABULARY.iter().find(|(known, ..)| *known == name).map(|(_, shape, may_be_null)| (*shape, *may_be_null))
}

/// The JSON Schema (2020-12) of the metadata that a success of this action contains at least.
pub fn schema(action: Action) -> Map<String, Json> {
    let required = action.required_metadata();
    let properties: Map<String, Json> = required
        .iter()
        .filter_map(|name| word(name).map(|(shape, may_be_null)| ((*name).to_owned(), shape.schema(may_be_null))))
        .collect();
    let schema = json!({"type": "object", "properties": properties, "required": required});
    schema.as_object().cloned().unwrap_or_default()
}

/// Refuses a success without the metadata that its type requires, and in debug builds a value of the wrong type. Failures and
/// denials contain whatever is known of it.
pub(super) fn demand(action: Action, outcome: Outcome, metadata: &Map<String, Json>) -> Result<(), Refusal> {
    let required = action.required_metadata();
    let is_whole = outcome == Outcome::Success;
    let is_right = |name: &str| match (word(name), metadata.get(name)) {
        (_, None) => !is_whole,
        (Some((shape, may_be_null)), Some(value)) => {
            !cfg!(debug_assertions) || shape.fits(value) || (may_be_null && value.is_null())
        }
        (None, Some(_)) => false,
    };
    let wrong = required.iter().find(|name| !is_right(name));
    wrong.map_or(Ok(()), |key| Err(Refusal::Metadata { action: action.code(), key }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_required_word_has_a_shape() {
        for action in Action::all() {
            let schema = schema(action);
            let properties = schema["properties"].as_object().unwrap();
            for name in action.required_metadata() {
                assert!(properties.contains_key(*name), "{action}: {name} is not in the vocabulary");
            }
        }
        assert!(VOCABULARY.is_sorted_by(|(a, ..), (b, ..)| a < b), "must be sorted, with each word once");
    }

    #[test]
    fn a_success_says_what_it_must_in_the_shape_it_has() {
        let demand = |outcome, metadata: Json| demand(Action::Logout, outcome, metadata.as_object().unwrap());
        assert!(demand(Outcome::Success, json!({"session_id": "s", "session_duration_seconds": 3})).is_ok());
        for part in [json!({}), json!({"session_id": "s"})] {
            assert!(demand(Outcome::Success, part.clone()).is_err() && demand(Outcome::Denied, part.clone()).is_ok(), "{part}");
        }
        for wrong in [
            json!({"session_id": "s", "session_duration_seconds": null}),
            json!({"session_id": "s", "session_duration_seconds": -3}),
            json!({"session_id": 7, "session_duration_seconds": 3}),
        ] {
            assert!(demand(Outcome::Success, wrong.clone()).is_err(), "{wrong}");
            assert!(demand(Outcome::Failure, wrong.clone()).is_err(), "{wrong}");
        }
    }
}
