//! The single list of routes, from which both the server and the contract are built.

use crate::http::Routes;
use crate::{
    alerts, audit_log, auth, case_file, cases, credits, documents, exports, ingest, jobs, ledger, notes, outbox, reports,
    reviews, settings, system, users,
};

/// The path of the versioned API.
pub const VERSIONED: &str = "/api/v1";

/// The operations at the root.
pub fn configure_root(routes: &mut impl Routes) {
    system::configure_root(routes);
    auth::configure_root(routes);
}

/// The operations below `VERSIONED`.
pub fn configure_versioned(routes: &mut impl Routes) {
    system::configure(routes);
    auth::configure(routes);
    users::configure(routes);
    cases::configure(routes);
    case_file::configure(routes);
    documents::configure(routes);
    notes::configure(routes);
    reviews::configure(routes);
    alerts::configure(routes);
    outbox::configure(routes);
    settings::configure(routes);
    credits::configure(routes);
    ingest::configure(routes);
    jobs::configure(routes);
    exports::configure(routes);
    audit_log::configure(routes);
    ledger::configure(routes);
    reports::configure(routes);
}
