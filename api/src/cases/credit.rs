//! Adjust the credit of a case.

use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::check::not_blank;
use crate::http::{Answer, Body, CreditValue, IfMatchHeader, Result, Staff, WriteProblems};
use crate::state::App;
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Which credit, and why
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"credit_value": "2.5", "reason": "a fourth report was asked for"}))]
pub struct AdjustCaseCredit {
    credit_value: CreditValue,
    /// Why
    #[validate(length(min = 1, max = 2000), custom(function = "not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = "not_blank")]
    reason: String,
}

/// Adjust the credit of a case
///
/// The credit it already has changes nothing and leaves no entry. From every status but `draft`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = AdjustCaseCredit,
    responses((status = OK, description = "The case as it now is", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["case_updated"]}))),
)]
#[post("/cases/{case_id}/credit")]
pub async fn adjust_case_credit(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: Body<AdjustCaseCredit>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by) = app.begin(&by).await?;
    let tx = tx.because(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Credit).await?;
    let case = tx.save(case.adjust_credit(body.credit_value.0)?).await?;
    CaseDetail::committed(tx, case, &by).await
}
