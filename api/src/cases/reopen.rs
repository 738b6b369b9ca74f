//! Reopen a case.

use super::people::current_assignee;
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::WriteProblems;
use crate::wire::fields::Reason;
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for reopening a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the second report has a wrong date"}))]
pub struct ReopenCase {
    /// Reason for reopening the case
    #[validate(nested)]
    reason: Reason,
}

/// Reopen a completed case
///
/// The case is `accepted` again, and its release is withdrawn. If its assignee can no longer be assigned to cases, it returns to
/// the queue unassigned. Allowed from: `completed`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = ReopenCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed"], "may": ["case_reassigned"], "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/reopen")]
pub async fn reopen_case(app: App, by: Staff, target: CaseTarget, body: Body<ReopenCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Reopen).await?;
    let assignee = current_assignee(&tx, &case).await?;
    let case = tx.save(case.reopen(assignee.as_ref())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
