//! Report access to the audit log through another system.

use super::named;
use super::view::IngestedEntries;
use crate::http::{Answer, Ingester, LargeBody, Result};
use crate::state::App;
use crate::wire::ActionProblems;
use crate::wire::fields::{Facts, Id, Identifier};
use actix_web::post;
use entity::audit::Event;
use entity::audit_log::LogView;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for reporting access to the audit log through another system, such as a copy of it in a data warehouse
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "view_type": "siem_dashboard", "filters": {"outcome": ["denied"]}, "user_id": "01a20725-be30-7584-bca5-f00e655c90d6"
}))]
pub struct IngestAuditAccess {
    #[validate(nested)]
    view_type: Identifier,
    /// At most 256 keys and 32 KiB; numbers with at most three decimals
    #[validate(nested)]
    filters: Option<Facts>,
    /// The user on whose behalf the access was made; the related user of the audit entry
    user_id: Option<Id>,
}

/// Report access to the audit log through another system
///
/// Records who read a copy of the audit log elsewhere.
#[utoipa::path(
    tag = "ingest",
    request_body = IngestAuditAccess,
    responses((status = CREATED, description = "The audit entry", body = IngestedEntries), ActionProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[post("/ingest/audit-accesses")]
pub async fn ingest_audit_access(app: App, by: Ingester, body: LargeBody<IngestAuditAccess>) -> Result<Answer<IngestedEntries>> {
    let (tx, by) = app.begin(&by).await?;
    let person = named::person(&tx, body.user_id).await?;
    let filters = json!(body.filters.clone().unwrap_or_default());
    let event = Event::audit_log_accessed(LogView::Reported(&body.view_type), filters).about(person.as_ref());
    IngestedEntries::recorded(tx, &by, vec![event]).await
}
