//! The values of a changed field whose column takes none but those of a closed list.

use super::changed_values;
use crate::case::{CaseStatus, RejectionReason, ReviewStatus, Tier, Urgency};
use crate::document::DocumentType;
use crate::note::Visibility;
use crate::user::{Level, Role};
use sea_orm::ActiveEnum;

/// A text that is in none of the lists.
const UNLISTED: &str = "?";

/// The values that a changed field, given by its wire name, can have besides null, in the order of their list; empty if it can
/// have others than those of a closed list.
pub fn known_values(field: &str) -> Vec<String> {
    let takes = |text: &str| !changed_values(field, text).is_empty();
    let list = closed_lists().into_iter().find(|list| list.iter().all(|value| takes(value)));
    list.filter(|_| !takes(UNLISTED)).unwrap_or_default()
}

/// A list that is missing here fails `every_field_with_few_values_knows_them`.
fn closed_lists() -> [Vec<String>; 10] {
    [
        values::<CaseStatus>(),
        values::<DocumentType>(),
        values::<Level>(),
        values::<RejectionReason>(),
        values::<ReviewStatus>(),
        values::<Role>(),
        values::<Tier>(),
        values::<Urgency>(),
        values::<Visibility>(),
        [true, false].iter().map(ToString::to_string).collect(),
    ]
}

fn values<E: ActiveEnum<Value = String>>() -> Vec<String> {
    E::values()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::changed_fields;

    #[test]
    fn every_field_with_few_values_knows_them() {
        // A text, a number, an id, a day and an instant: a field that can have one of these has too many values to list.
        let samples = [UNLISTED, "7", "01a20725-be30-7584-bca5-f00e655c90d6", "2026-12-15", "2026-11-22T08:00:00Z"];
        let mut neither = Vec::new();
        for field in changed_fields() {
            let (known, takes) = (known_values(field), |text: &str| !changed_values(field, text).is_empty());
            assert!(known.iter().all(|value| takes(value)), "{field}");
            match (known.is_empty(), samples.into_iter().any(takes)) {
                (true, true) | (false, false) => {}
                (true, false) => neither.push(field),
                (false, true) => panic!("{field} can have others than {known:?}"),
            }
        }
        // No text stands for a digest or for a list of scopes.
        assert_eq!(neither, ["body", "internal_notes", "report_notes_to_member", "scopes", "special_notes"]);
    }

    #[test]
    fn the_values_are_those_of_the_list_in_its_order() {
        for (field, values) in [
            ("tier", vec!["tier_1", "tier_2", "tier_3"]),
            ("urgency", vec!["normal", "rush"]),
            ("visibility", vec!["internal", "shared"]),
            ("is_active", vec!["true", "false"]),
            ("user_level", vec!["level_1", "level_2", "level_3"]),
            ("credit_value", vec![]),
            ("due_on", vec![]),
            ("employee_last_name", vec![]),
            ("special_notes", vec![]),
            ("no_such_field", vec![]),
        ] {
            assert_eq!(known_values(field), values, "{field}");
        }
        assert_eq!(known_values("status"), known_values("previous_status"));
        assert_eq!(known_values("status").first().map(String::as_str), Some("draft"));
    }
}
