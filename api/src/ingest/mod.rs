//! Reports of external systems to the audit log. Each report is recorded completely or not at all, with the caller as actor and
//! the service's own time.

mod activity;
mod audit_access;
mod bulk_export;
mod credit_resets;
mod cron_run;
mod email;
mod named;
mod report_generation;
mod view;

pub use credit_resets::{IngestCreditReset, RESETS_MAX};

use crate::http::Routes;

pub fn configure(routes: &mut impl Routes) {
    routes
        .service(cron_run::ingest_cron_run)
        .service(email::ingest_email_notification)
        .service(credit_resets::ingest_credit_resets)
        .service(bulk_export::ingest_bulk_export)
        .service(report_generation::ingest_report_generation)
        .service(audit_access::ingest_audit_access)
        .service(activity::ingest_activity);
}
