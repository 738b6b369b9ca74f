//! What people call a field that entries show as changed: derived from its wire name.

use crate::text::capitalised;

/// Fields whose label does not follow from their name.
const OTHERS: [(&str, &str); 4] = [
    ("num_reports_requested", "Reports requested"),
    ("previous_status", "Status before resubmission"),
    ("report_notes_to_member", "Notes to the member"),
    ("sha256", "SHA-256"),
];

/// Units at the end of a name.
const UNITS: [(&str, &str); 4] = [("_bytes", "bytes"), ("_days", "days"), ("_hours", "hours"), ("_mib", "MiB")];

/// A field's name for people: `Assigned to` for `assigned_to_id`. Fields of earlier versions have one too.
pub fn field_label(field: &str) -> String {
    if let Some((_, label)) = OTHERS.iter().find(|(name, _)| *name == field) {
        return (*label).to_owned();
    }
    let unit = UNITS.iter().find_map(|(ending, unit)| Some((field.strip_suffix(*ending)?, unit)));
    let name = unit.map_or(field, |(name, _)| name);
    let name = name.strip_suffix("_id").unwrap_or(name);
    let words = name.strip_prefix("is_").unwrap_or(name).replace('_', " ");
    let label = capitalised(&words);
    match unit {
        Some((_, unit)) => format!("{label} ({unit})"),
        None => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{changed_fields, is_person};

    #[test]
    fn every_field_has_a_label() {
        for field in changed_fields() {
            let label = field_label(field);
            assert!(label.starts_with(|first: char| first.is_uppercase()) && !label.contains('_'), "{field}: {label}");
            assert!(!is_person(field) || format!("{}_id", label.to_lowercase().replace(' ', "_")) == field, "{field}: {label}");
        }
        for (field, label) in [
            ("assigned_to_id", "Assigned to"),
            ("member_id", "Member"),
            ("status", "Status"),
            ("held_at", "Held at"),
            ("is_active", "Active"),
            ("hold_duration_days", "Hold duration (days)"),
            ("member_document_quota_mib", "Member document quota (MiB)"),
            ("size_bytes", "Size (bytes)"),
            ("sha256", "SHA-256"),
            ("num_reports_requested", "Reports requested"),
            ("a_field_of_an_earlier_version", "A field of an earlier version"),
            ("", ""),
        ] {
            assert_eq!(field_label(field), label);
        }
    }

    #[test]
    fn the_fields_of_people_are_those_that_their_tables_list() {
        let people: Vec<&str> = changed_fields().into_iter().filter(|field| is_person(field)).collect();
        let of_cases = ["accepted_by_id", "assigned_to_id", "created_by_id", "member_id", "rejected_by_id", "reviewed_by_id"];
        assert!(of_cases.iter().chain(&["author_id", "uploaded_by_id"]).all(|field| people.contains(field)), "{people:?}");
        assert!(!is_person("case_id") && !is_person("status"));
    }
}
