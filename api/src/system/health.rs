//! Whether the process is alive, and whether the service is ready.

use super::readiness;
use crate::http::Answer;
use crate::state::App;
use crate::wire::{Code, Error, Result, Unavailable};
use actix_web::get;
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

const OK: Health = Health { status: "ok" };

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
    Answer::plain(OK)
}

/// Get the readiness
///
/// Checks that this version can use the database's schema, and that an audit entry can be written: one is written and rolled
/// back, at most once a second however often this is requested. While the service stops, the response is 503.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The service is ready", body = Health), Unavailable),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": [], "denied": entity::audit::Action::Other,
    })), ("x-audit-reason" = json!("no user acts and nothing is read"))),
)]
#[get("/readyz")]
pub async fn get_readiness(app: App) -> Result<Answer<Health>> {
    if app.stopping().is_cancelled() {
        return Err(Error::not_ready("The service is stopping."));
    }
    if !readiness::is_ready(&app).await {
        return Err(Error::not_ready(Code::Unavailable.meaning()));
    }
    Ok(Answer::plain(OK))
}
