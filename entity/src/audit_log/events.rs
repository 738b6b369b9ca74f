//! The entries about reading the audit log.

use crate::audit::Event;
use crate::audit::metadata::metadata;
use serde_json::Value as Json;

/// Entries about reading the audit log.
impl Event {
    /// `object` is what was viewed: the log itself, an entry, a case, or a user.
    pub fn audit_log_accessed(view_type: &str, object: (&'static str, String), filters: Json) -> Self {
        let metadata = metadata![AuditLogAccessed; VIEW_TYPE = view_type, FILTERS = filters];
        Self::new(metadata, object, format!("Audit log read ({})", view_type.replace('_', " ")))
    }
}
