//! The single list of routes, from which both the server and the contract are built.

use crate::{
    alerts, audit_log, auth, case_file, cases, credits, documents, exports, ingest, jobs, ledger, notes, outbox, reports,
    reviews, settings, system, users,
};
use utoipa_actix_web::{scope, service_config::ServiceConfig};

pub fn configure(config: &mut ServiceConfig<'_>) {
    config.configure(system::configure_root).configure(auth::configure_root);
    let features = scope::scope("/api/v1")
        .configure(system::configure)
        .configure(auth::configure)
        .configure(users::configure)
        .configure(cases::configure)
        .configure(case_file::configure)
        .configure(documents::configure)
        .configure(notes::configure)
        .configure(reviews::configure)
        .configure(alerts::configure)
        .configure(outbox::configure)
        .configure(settings::configure)
        .configure(credits::configure)
        .configure(ingest::configure)
        .configure(jobs::configure)
        .configure(exports::configure)
        .configure(audit_log::configure)
        .configure(ledger::configure)
        .configure(reports::configure);
    config.service(features);
}
