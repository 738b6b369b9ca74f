//! Something that happened elsewhere and has no type of its own.

use super::named;
use super::view::IngestedEntries;
use crate::http::{ActionProblems, Answer, Error, Ingester, LargeBody, Result, check};
use crate::state::App;
use actix_web::post;
use entity::audit::Event;
use serde::Deserialize;
// utoipa knows the type by this name alone.
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// Something that happened elsewhere
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "event": "letter_sent", "description": "The welcome letter went out", "case_id": null, "metadata": {"pages": 2, "carrier": "post"}
}))]
pub struct IngestActivity {
    /// What kind of thing it is; in the metadata as `event`
    #[validate(length(min = 1, max = 64), custom(function = "check::code"))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    event: String,
    /// What people read
    #[validate(length(min = 1, max = 2000), custom(function = "check::not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = "not_blank")]
    description: String,
    /// The case it is about
    case_id: Option<Uuid>,
    /// At most 256 keys and 32 KiB, none of them `event`; numbers with at most three decimals
    #[validate(custom(function = "check::facts"))]
    metadata: Option<BTreeMap<String, Value>>,
}

/// Report something that happened elsewhere
///
/// For what has no type of its own: the entry is `other`, with `event` and whatever else is said in its metadata.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestActivity,
    responses((status = CREATED, description = "The entry it left", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({"always": ["other"], "may": []}))),
)]
#[post("/ingest/activities")]
pub async fn ingest_activity(app: App, by: Ingester, body: LargeBody<IngestActivity>) -> Result<Answer<IngestedEntries>> {
    let metadata = body.metadata.clone().unwrap_or_default();
    if metadata.contains_key("event") {
        return Err(Error::field("/metadata/event", "not_allowed", "is what the field event says"));
    }
    let (tx, by) = app.begin(&by).await?;
    let case = named::case(&tx, body.case_id).await?;
    let event = Event::reported_activity(&body.event, &body.description, case.as_ref(), metadata.into_iter().collect());
    IngestedEntries::recorded(tx, &by, vec![event]).await
}
