//! Change the reason or the expected length of a hold.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::WriteProblems;
use crate::wire::fields::{Reason, ThousandthDays};
use crate::wire::json::{clearable, present};
use actix_web::patch;
use entity::case::CaseAction;
use entity::case::lifecycle::HoldChange;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for changing a hold: an absent field keeps its value
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "waiting for the pay stub of October", "hold_duration_days": 21}))]
pub struct ChangeCaseHold {
    /// Reason for the hold; visible to the member
    #[serde(default, deserialize_with = "present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    reason: Option<Reason>,
    /// Expected duration in days from the start of the hold, with at most three decimals; null makes the hold open-ended
    #[serde(default, deserialize_with = "clearable")]
    #[validate(nested)]
    hold_duration_days: Option<Option<ThousandthDays>>,
}

/// Change a hold
///
/// Corrects the reason of a hold, or prolongs or shortens it; the hold keeps its start. If the expected end changes, the member
/// is notified by an alert and an email, and the staff is reminded again once the new end has passed. Values that are the same
/// change nothing and leave no entry. Allowed from: `hold`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = ChangeCaseHold,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_updated"], "denied": entity::audit::Action::CaseUpdated,
    }))),
)]
#[patch("/cases/{case_id}/hold")]
pub async fn change_case_hold(app: App, by: Staff, target: CaseTarget, body: Body<ChangeCaseHold>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let case = target.locked(&tx, &by, CaseAction::ChangeHold).await?;
    let duration = body.hold_duration_days.map(|days| days.map(ThousandthDays::duration));
    let case = tx.save(case.change_hold(HoldChange { reason: body.reason.as_deref(), duration })?).await?;
    CaseDetail::committed(tx, case, &by).await
}
