//! Dismiss an alert.

use super::Alert;
use crate::http::{Answer, OptionalBody, PathId, PersonCaller, Result};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{AdditionProblems, json};
use actix_web::post;
use entity::alert;
use entity::audit::Event;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for dismissing an alert
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "the pay stub is on its way"}))]
pub struct DismissAlert {
    /// Reason for the dismissal
    #[serde(deserialize_with = "json::optional")]
    #[validate(nested)]
    reason: Option<Reason>,
}

/// Dismiss an alert
///
/// Marks the alert as dismissed by its recipient, and as read if it was not, and records this once; repeating the request changes
/// nothing.
#[utoipa::path(
    tag = "alerts",
    params(("alert_id" = Uuid, Path, description = "The alert")),
    request_body(content = Option<DismissAlert>, description = "Optional"),
    responses((status = OK, description = "The alert in its current state", body = Alert), AdditionProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["alert_dismissed"], "denied": entity::audit::Action::AlertDismissed,
    }))),
)]
#[post("/alerts/{alert_id}/dismiss")]
pub async fn dismiss_alert(app: App, by: PersonCaller, id: PathId, body: OptionalBody<DismissAlert>) -> Result<Answer<Alert>> {
    let id = id.get()?;
    let (tx, by) = app.begin(&by).await?;
    let mut alert = alert::locked(&tx, id, &by).await?;
    if alert.dismissed_at.is_none() {
        alert = alert.dismiss(&tx).await?;
        tx.record(Event::alert_dismissed(&alert, body.reason.as_deref())).await?;
    }
    Answer::plain(Alert::from(alert)).committed(tx, &by).await
}
