//! Mark an alert as read.

use super::Alert;
use crate::http::{Answer, PathId, PersonCaller, Result};
use crate::state::App;
use crate::wire::ReadProblems;
use actix_web::post;
use entity::alert;

/// Mark an alert as read
///
/// Only the first request counts; repeating it changes nothing.
#[utoipa::path(
    tag = "alerts",
    params(("alert_id" = Uuid, Path, description = "The alert")),
    responses((status = OK, description = "The alert in its current state", body = Alert), ReadProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading alerts is not audited; dismissing one is")),
    ),
)]
#[post("/alerts/{alert_id}/read")]
pub async fn mark_alert_read(app: App, by: PersonCaller, id: PathId) -> Result<Answer<Alert>> {
    let id = id.get()?;
    let (tx, by) = app.begin(&by).await?;
    let alert = alert::locked(&tx, id, &by).await?.read(&tx).await?;
    Answer::plain(Alert::from(alert)).committed(tx, &by).await
}
