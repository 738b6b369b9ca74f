//! Whether the process lives, and whether it can do its work.

use crate::http::{Answer, Code, Error, Result, Unavailable};
use crate::readiness;
use crate::state::App;
use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

/// How the service is
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceHealth, example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`; anything else is another status
    #[schema(max_length = 8)]
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

/// Tell whether the process lives
///
/// Asks nothing else: a database that is down is no reason to restart the process.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The process lives", body = Health)),
    extensions(("x-audit-actions" = json!({"always": [], "may": []})), ("x-audit-reason" = json!("nobody acts and nothing is read"))),
)]
#[get("/livez")]
pub async fn get_liveness() -> Answer<Health> {
    Answer::plain(OK)
}

/// Tell whether the service can do its work
///
/// This version can use the database's schema, and an audit entry can be written: one is, and is rolled back, at most once a second
/// however often this is requested. While the service stops, the answer is 503.
#[utoipa::path(
    tag = "system",
    security(()),
    responses((status = OK, description = "The service can do its work", body = Health), Unavailable),
    extensions(("x-audit-actions" = json!({"always": [], "may": []})), ("x-audit-reason" = json!("nobody acts and nothing is read"))),
)]
#[get("/readyz")]
pub async fn get_readiness(app: App) -> Result<Answer<Health>> {
    if app.stopping().is_cancelled() {
        return Err(Error::because(Code::Unavailable, "The service is stopping."));
    }
    if !readiness::is_ready(&app).await {
        return Err(Error::plain(Code::Unavailable));
    }
    Ok(Answer::plain(OK))
}
