//! The entries about reading the audit log.

use crate::audit::Event;
use crate::audit::metadata::metadata;
use sea_orm::prelude::Uuid;
use serde_json::Value as Json;

/// The name of the log's exports.
pub const EXPORT: &str = "audit_log";

/// What was read of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogView<'a> {
    List,
    Entry(Uuid),
    CaseTrail(Uuid),
    UserTrail(Uuid),
    Export,
    /// The sealed entries by their sequence.
    Ledger,
    /// A view of another system, under the name that it reported.
    Reported(&'a str),
}

impl LogView<'_> {
    /// Its permanent name.
    const fn name(&self) -> &str {
        match self {
            Self::List => "main_dashboard",
            Self::Entry(_) => "detail_view",
            Self::CaseTrail(_) => "case_trail",
            Self::UserTrail(_) => "user_trail",
            Self::Export => "export",
            Self::Ledger => "ledger",
            Self::Reported(name) => name,
        }
    }

    /// What was viewed: the log itself, an entry, a case, or a user.
    fn object(&self) -> (&'static str, String) {
        match self {
            Self::List | Self::Ledger | Self::Reported(_) => ("audit_log", "audit_log".to_owned()),
            Self::Entry(id) => ("audit_entry", id.to_string()),
            Self::CaseTrail(id) => ("case", id.to_string()),
            Self::UserTrail(id) => ("user", id.to_string()),
            Self::Export => ("export", EXPORT.to_owned()),
        }
    }
}

/// Entries about reading the audit log.
impl Event {
    pub fn audit_log_accessed(view: LogView<'_>, filters: Json) -> Self {
        let name = view.name();
        let metadata = metadata![AuditLogAccessed; VIEW_TYPE = name, FILTERS = filters];
        Self::new(metadata, view.object(), format!("Audit log read ({})", name.replace('_', " ")))
    }
}
