//! Report a bulk export made by another system.

use super::named;
use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody, Result};
use crate::state::App;
use crate::wire::ActionProblems;
use crate::wire::fields::{Facts, Id, Identifier, RowCount};
use actix_web::post;
use entity::audit::Event;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for reporting a bulk export made by another system
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "export_type": "cases", "format": "parquet", "record_count": 20000, "filters": {"status": ["completed"]},
    "user_id": "01a20725-be30-7584-bca5-f00e655c90d6"
}))]
pub struct IngestBulkExport {
    #[validate(nested)]
    export_type: Identifier,
    #[validate(nested)]
    format: Identifier,
    #[validate(nested)]
    record_count: RowCount,
    /// At most 256 keys and 32 KiB; numbers with at most three decimals
    #[validate(nested)]
    filters: Option<Facts>,
    /// The user on whose behalf the export was made; the related user of the audit entry
    user_id: Option<Id>,
}

/// Report a bulk export made by another system
///
/// Records in the audit log of this service who exported what.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestBulkExport,
    responses((status = CREATED, description = "The audit entry", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({"always": ["bulk_export"], "may": [], "denied": entity::audit::Action::BulkExport}))),
)]
#[post("/ingest/bulk-exports")]
pub async fn ingest_bulk_export(app: App, by: Ingester, body: LargeBody<IngestBulkExport>) -> Result<Answer<IngestedEntries>> {
    let (tx, by) = app.begin(&by).await?;
    let person = named::person(&tx, body.user_id).await?;
    let filters = json!(body.filters.clone().unwrap_or_default());
    let event = Event::bulk_export(&body.export_type, &body.format, Some(body.record_count.get()), filters);
    IngestedEntries::recorded(tx, &by, vec![event.about(person.as_ref())]).await
}
