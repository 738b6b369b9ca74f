//! The entries about reading the audit log.

use crate::audit::{Action, Event};
use serde_json::Value as Json;

/// Entries about reading the audit log.
impl Event {
    /// `object` is what was viewed: the log itself, an entry, a case, or a user.
    pub fn audit_log_accessed(view_type: &str, object: (&'static str, String), filters: Json) -> Self {
        Self::new(Action::AuditLogAccessed, object, format!("Audit log read ({})", view_type.replace('_', " ")))
            .with("view_type", view_type)
            .with("filters", filters)
    }
}
