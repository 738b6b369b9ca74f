//! The audit log over HTTP, one file per verb. Entries are read-only.
//!
//! Reads are recorded: the response is computed first, so that it never contains its own entry, and the entry is committed before
//! the response is sent.

mod action_types;
mod case_trail;
mod export;
mod export_csv;
mod export_ndjson;
mod fields;
mod filter;
mod get;
mod list;
mod own_activity;
mod page;
mod user_trail;

pub use filter::{AuditedField, TrailPart};

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(list::list_audit_log)
        // Before the route of a single entry, which would match these paths as ids.
        .service(export_csv::export_audit_log_csv)
        .service(export_ndjson::export_audit_log_ndjson)
        .service(get::get_audit_entry)
        .service(case_trail::list_case_audit_trail)
        .service(user_trail::list_user_audit_trail)
        .service(own_activity::list_own_activity)
        .service(action_types::list_audit_action_types)
        .service(fields::list_audited_fields);
}
