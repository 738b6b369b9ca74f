//! The entries about refused requests, and how repeated readings are recognised.

use crate::audit::metadata::Metadata;
use crate::audit::{Action, Event, Outcome, key};
use crate::text;
use serde_json::{Value as Json, json};

/// Entries about refused requests.
impl Event {
    /// A request was refused: 403, or 404 for an object that is hidden from the caller or absent; the two look alike.
    pub fn denied(action: Action, operation: &str, code: &'static str, object: (&'static str, String)) -> Self {
        let event = Self::new(Metadata::empty(action), object, format!("Refused: {operation}")).ending(Outcome::Denied);
        let event = event.with(key::OPERATION, operation).with(key::CODE, code);
        if action == Action::Other { event.with(key::EVENT, "access_denied") } else { event }
    }

    /// Adds the number of those like this one that were only counted since the last entry.
    pub(super) fn folding(self, folded_count: i32) -> Self {
        if folded_count == 0 { self } else { self.with(key::FOLDED_COUNT, folded_count) }
    }

    /// A digest of what was read: the same for readings of the same object with the same parameters, in whatever order those were
    /// given and whatever was found.
    pub fn reading_digest(&self) -> String {
        let mut parameters = self.metadata.clone();
        parameters.remove(key::ROW_COUNT.name());
        let read = json!([self.action, self.object.0, self.object.1, ordered(&parameters.into())]);
        text::sha256_hex(read.to_string().as_bytes())
    }
}

/// A value with sorted keys, and with sorted lists: their order has no meaning in parameters.
fn ordered(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), ordered(value))).collect();
            fields.sort_by(|(name, _), (other, _)| name.cmp(other));
            Json::Object(fields.into_iter().collect())
        }
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(ordered).collect();
            items.sort_by_cached_key(Json::to_string);
            Json::Array(items)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::LogView;
    use sea_orm::prelude::Uuid;

    #[test]
    fn readings_are_alike_by_what_is_read_with_which_parameters() {
        let list = |filters: Json| Event::audit_log_accessed(LogView::List, filters);
        let read = |filters: Json| list(filters).reading_digest();
        let both = read(json!({"action_type": ["login", "logout"], "since": "2026-12-01"}));
        assert_eq!(read(json!({"since": "2026-12-01", "action_type": ["logout", "login"]})), both);
        assert_eq!(list(json!({})).folding(3).reading_digest().len(), 64);
        for filters in [json!({}), json!({"action_type": ["login"], "since": "2026-12-01"}), json!({"since": "2026-12-02"})] {
            assert_ne!(read(filters.clone()), both, "{filters}");
        }
        let trail = |id| Event::audit_log_accessed(LogView::CaseTrail(Uuid::from_u128(id)), json!({})).reading_digest();
        assert_ne!(trail(1), trail(2));
        let report = |rows| Event::report_generated("activity_summary", json!({}), rows).reading_digest();
        assert_eq!(report(1), report(2));
    }
}
