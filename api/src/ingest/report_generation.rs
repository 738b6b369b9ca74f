//! A report that another system made.

use super::named;
use super::view::IngestedEntries;
use crate::http::{ActionProblems, Answer, Ingester, LargeBody, Result, check};
use crate::state::App;
use actix_web::post;
use entity::audit::Event;
use serde::Deserialize;
// utoipa knows the type by this name alone.
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// A report that another system made
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "report_type": "turnaround", "parameters": {"month": "2026-11"}, "row_count": 42,
    "user_id": "01a20725-be30-7584-bca5-f00e655c90d6"
}))]
pub struct IngestReportGeneration {
    #[validate(length(min = 1, max = 64), custom(function = "check::code"))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    report_type: String,
    /// At most 256 keys and 32 KiB; numbers with at most three decimals
    #[validate(custom(function = "check::facts"))]
    parameters: Option<BTreeMap<String, Value>>,
    #[validate(range(min = 0, max = 9_007_199_254_740_991_u64))]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    row_count: u64,
    /// On whose behalf: the entry's related user
    user_id: Option<Uuid>,
}

/// Report that another system made a report
///
/// Who read which figures, to the trail of this service.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestReportGeneration,
    responses((status = CREATED, description = "The entry it left", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({"always": ["report_generated"], "may": []}))),
)]
#[post("/ingest/report-generations")]
pub async fn ingest_report_generation(
    app: App,
    by: Ingester,
    body: LargeBody<IngestReportGeneration>,
) -> Result<Answer<IngestedEntries>> {
    let (tx, by) = app.begin(&by).await?;
    let person = named::person(&tx, body.user_id).await?;
    let parameters = json!(body.parameters.clone().unwrap_or_default());
    let event = Event::report_generated(&body.report_type, parameters, body.row_count).about(person.as_ref());
    IngestedEntries::recorded(tx, &by, vec![event]).await
}
