//! Report an external activity that has no action type of its own.

use super::named;
use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody, Result};
use crate::state::App;
use crate::wire::fields::{Facts, Id, Identifier, Remark};
use crate::wire::{ActionProblems, Error};
use actix_web::post;
use entity::audit::Event;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for reporting an external activity
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "event": "letter_sent", "description": "The welcome letter went out", "case_id": null,
    "metadata": {"pages": 2, "carrier": "post"}
}))]
pub struct IngestActivity {
    /// Kind of activity; stored in the metadata as `event`
    #[validate(nested)]
    event: Identifier,
    /// Human-readable description
    #[validate(nested)]
    description: Remark,
    /// The case the activity is about
    case_id: Option<Id>,
    /// At most 256 keys and 32 KiB, none of them `event`; numbers with at most three decimals
    #[validate(nested)]
    metadata: Option<Facts>,
}

/// Report an external activity
///
/// For activities that have no action type of their own: the audit entry has the type `other`, with `event` and the given
/// metadata in its metadata.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestActivity,
    responses((status = CREATED, description = "The audit entry", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({"always": ["other"], "may": [], "denied": entity::audit::Action::Other}))),
)]
#[post("/ingest/activities")]
pub async fn ingest_activity(app: App, by: Ingester, body: LargeBody<IngestActivity>) -> Result<Answer<IngestedEntries>> {
    let metadata = body.metadata.clone().unwrap_or_default().0;
    if metadata.contains_key("event") {
        return Err(Error::field("/metadata/event", "not_allowed", "is reserved for the value of the field event").into());
    }
    let (tx, by) = app.begin(&by).await?;
    let case = named::case(&tx, body.case_id).await?;
    let event = Event::reported_activity(&body.event, &body.description, case.as_ref(), metadata.into_iter().collect());
    IngestedEntries::recorded(tx, &by, vec![event]).await
}
