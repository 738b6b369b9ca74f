//! Reject a case and return it to its member.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::WriteProblems;
use crate::wire::fields::Remark;
use actix_web::post;
use entity::case::{CaseAction, RejectionReason};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for rejecting a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rejection_reason": "missing_documents", "rejection_notes": "Please add the last pay stub."}))]
pub struct RejectCase {
    rejection_reason: RejectionReason,
    /// What the member should do
    #[validate(nested)]
    rejection_notes: Remark,
}

/// Reject a case and return it to its member
///
/// The case can be resubmitted once the member has added what is missing. Allowed from: `submitted`, `resubmitted`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = RejectCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed"], "may": [], "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/reject")]
pub async fn reject_case(app: App, by: Staff, target: CaseTarget, body: Body<RejectCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let case = target.locked(&tx, &by, CaseAction::Reject).await?;
    let case = tx.save(case.reject(body.rejection_reason, &body.rejection_notes, by.id(), tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
