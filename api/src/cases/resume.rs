//! Resume a case.

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

/// Request body for resuming a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the pay stub came"}))]
pub struct ResumeCase {
    /// Reason for resuming the case
    #[validate(nested)]
    reason: Reason,
}

/// Resume a case that is on hold
///
/// The audit log records how long the case was on hold. Allowed from: `hold`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = ResumeCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_resumed"], "may": [], "denied": entity::audit::Action::CaseResumed,
    }))),
)]
#[post("/cases/{case_id}/resume")]
pub async fn resume_case(app: App, by: Staff, target: CaseTarget, body: Body<ResumeCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Resume).await?;
    let case = tx.save(case.resume()?).await?;
    CaseDetail::committed(tx, case, &by).await
}
