//! Adjust the credit of a case.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{CreditValue, WriteProblems};
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for adjusting the credit of a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"credit_value": "2.5", "reason": "a fourth report was requested"}))]
pub struct AdjustCaseCredit {
    credit_value: CreditValue,
    /// Reason for the adjustment
    #[validate(nested)]
    reason: Reason,
}

/// Adjust the credit of a case
///
/// Setting the current value changes nothing and writes no audit entry. Allowed from every status except `draft`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = AdjustCaseCredit,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_updated"], "denied": entity::audit::Action::CaseUpdated,
    }))),
)]
#[post("/cases/{case_id}/credit")]
pub async fn adjust_case_credit(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: Body<AdjustCaseCredit>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Credit).await?;
    let case = tx.save(case.adjust_credit(body.credit_value.0)?).await?;
    CaseDetail::committed(tx, case, &by).await
}
