//! Whether the process lives, and whether it can do its work.

use crate::http::{Answer, Code, Error, Result, Unavailable};
use crate::state::App;
use actix_web::get;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Statement};
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
/// The database answers, its schema is this version's, and the audit log can be written. While the service stops, the answer is 503.
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
    let unavailable = |cause: sea_orm::DbErr| {
        tracing::warn!(%cause, "not ready");
        Error::plain(Code::Unavailable)
    };
    let backend = app.readers().get_database_backend();
    let applied = Statement::from_string(backend, "SELECT count(*) AS applied FROM seaql_migrations");
    let row = app.readers().query_one_raw(applied).await.map_err(unavailable)?;
    let applied: i64 = row.and_then(|row| row.try_get("", "applied").ok()).unwrap_or_default();
    if usize::try_from(applied) != Ok(Migrator::migrations().len()) {
        return Err(Error::because(Code::Unavailable, "The database's schema is not this version's."));
    }
    app.try_writing().await.map_err(unavailable)?;
    Ok(Answer::plain(OK))
}
