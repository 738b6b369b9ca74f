//! Mark all alerts as read.

use crate::http::{Answer, PersonCaller, Result};
use crate::state::App;
use crate::wire::ListProblems;
use actix_web::post;
use entity::alert;
use serde::Serialize;
use utoipa::ToSchema;

/// The outcome of marking all alerts as read
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"read_count": 3}))]
pub struct AlertsRead {
    /// Number of alerts that were unread until now
    #[schema(minimum = 0)]
    pub read_count: u64,
}

/// Mark all alerts as read
///
/// Marks every unread alert of the caller as read. Repeating the request changes nothing until another alert is raised.
#[utoipa::path(
    tag = "alerts",
    responses((status = OK, description = "How many alerts were marked as read", body = AlertsRead), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading alerts is not audited; dismissing one is")),
    ),
)]
#[post("/alerts/read-all")]
pub async fn mark_all_alerts_read(app: App, by: PersonCaller) -> Result<Answer<AlertsRead>> {
    let (tx, by) = app.begin(&by).await?;
    let read_count = alert::read_all(&tx, &by).await?;
    Answer::plain(AlertsRead { read_count }).committed(tx, &by).await
}
