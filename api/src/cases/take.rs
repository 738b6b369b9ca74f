//! Take a case from the queue.

use super::people::assignee;
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfMatchHeader, OptionalBody, Result, Staff};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{WriteProblems, json};
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for taking a case
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "I worked on its first version"}))]
pub struct TakeCase {
    /// Reason for taking the case
    #[serde(deserialize_with = "json::optional")]
    #[validate(nested)]
    reason: Option<Reason>,
}

/// Take an unassigned case
///
/// Taking a case that is already assigned to the caller changes nothing. Allowed from: `accepted`, `hold`, `pending_review`,
/// `resubmitted`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<TakeCase>, description = "Optional"),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_assigned"], "denied": entity::audit::Action::CaseAssigned,
    }))),
)]
#[post("/cases/{case_id}/take")]
pub async fn take_case(app: App, by: Staff, target: CaseTarget, body: OptionalBody<TakeCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason_if(body.reason.as_deref());
    let case = target.locked(&tx, &by, CaseAction::Take).await?;
    let taker = assignee(&tx, by.id()).await?;
    let case = tx.save(case.take(&taker)?).await?;
    CaseDetail::committed(tx, case, &by).await
}
