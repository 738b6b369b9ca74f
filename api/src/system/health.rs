//! Whether the process is alive, and whether the service is ready.

use super::readiness;
use crate::http::Answer;
use crate::state::App;
use crate::wire::{Code, Error, Result, Unavailable};
use actix_web::get;
use chrono::{DateTime, Utc};
use entity::ledger::Progress;
use serde::Serialize;
use utoipa::ToSchema;

/// Health of the service
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceHealth, example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`; any other state is reported by the HTTP status
    #[schema(max_length = 8)]
    status: &'static str,
}

/// Readiness of the service
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "ledger": {"pending": 2, "lag_seconds": 0}}))]
pub struct ServiceReadiness {
    /// Always `ok`; any other state is reported by the HTTP status
    #[schema(max_length = 8)]
    status: &'static str,
    /// How far sealing has come; null if it could not be read. The HTTP status does not depend on it
    ledger: Option<LedgerProgress>,
}

/// How far the audit entries are sealed, as of a second ago or less
#[derive(Serialize, ToSchema)]
pub struct LedgerProgress {
    /// Entries that are committed and not sealed yet, at most 100,000; entries from before the ledger are not counted
    #[schema(minimum = 0, maximum = 100000)]
    pending: i64,
    /// The age of the oldest of them; 0 if there is none
    #[schema(minimum = 0)]
    lag_seconds: i64,
}

impl LedgerProgress {
    fn new(progress: &Progress, now: DateTime<Utc>) -> Self {
        Self { pending: progress.pending, lag_seconds: progress.lag(now).num_seconds() }
    }
}

const OK: &str = "ok";

/// Get the liveness
///
/// Checks nothing but the process: a database that is down is no reason to restart it.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The process is alive", body = Health)),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("no user acts and nothing is read"))),
)]
#[get("/livez")]
pub async fn get_liveness() -> Answer<Health> {
    Answer::plain(Health { status: OK })
}

/// Get the readiness
///
/// Checks that this version can use the database's schema, and that an audit entry can be written: one is written and rolled
/// back, at most once a second however often this is requested. While the service stops, the response is 503. `ledger` reports
/// how far sealing has progressed; it does not affect the status.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The service is ready", body = ServiceReadiness), Unavailable),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("no user acts and nothing is read"))),
)]
#[get("/readyz")]
pub async fn get_readiness(app: App) -> Result<Answer<ServiceReadiness>> {
    if app.stopping().is_cancelled() {
        return Err(Error::not_ready("The service is stopping."));
    }
    let Some(progress) = readiness::check(&app).await else {
        return Err(Error::not_ready(Code::Unavailable.meaning()));
    };
    let ledger = progress.map(|progress| LedgerProgress::new(&progress, app.now()));
    Ok(Answer::plain(ServiceReadiness { status: OK, ledger }))
}
