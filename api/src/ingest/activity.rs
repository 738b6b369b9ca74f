//! Report an external activity that has no action type of its own.

use super::named;
use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody, Result};
use crate::state::App;
use crate::wire::{ActionProblems, Error, check};
use actix_web::post;
use entity::audit::Event;
use serde::Deserialize;
// utoipa recognizes the type only by this name.
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;
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
    #[validate(length(min = 1, max = 64), custom(function = "check::code"))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    event: String,
    /// Human-readable description
    #[validate(length(min = 1, max = 2000), custom(function = "check::not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = "not_blank")]
    description: String,
    /// The case the activity is about
    case_id: Option<Uuid>,
    /// At most 256 keys and 32 KiB, none of them `event`; numbers with at most three decimals
    #[validate(custom(function = "check::facts"))]
    metadata: Option<BTreeMap<String, Value>>,
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
    let metadata = body.metadata.clone().unwrap_or_default();
    if metadata.contains_key("event") {
        return Err(Error::field("/metadata/event", "not_allowed", "is reserved for the value of the field event").into());
    }
    let (tx, by) = app.begin(&by).await?;
    let case = named::case(&tx, body.case_id).await?;
    let event = Event::reported_activity(&body.event, &body.description, case.as_ref(), metadata.into_iter().collect());
    IngestedEntries::recorded(tx, &by, vec![event]).await
}
