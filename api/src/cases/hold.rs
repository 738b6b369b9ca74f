//! Hold a case.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::WriteProblems;
use crate::wire::fields::{Reason, ThousandthDays};
use actix_web::post;
use entity::case::CaseAction;
use entity::case::lifecycle::Hold;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for placing a case on hold
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "waiting for pay stub", "hold_duration_days": 14}))]
pub struct HoldCase {
    /// Reason for the hold; reported to the member
    #[validate(nested)]
    reason: Reason,
    /// Expected duration in days, with at most three decimals; open-ended if absent
    #[validate(nested)]
    hold_duration_days: Option<ThousandthDays>,
}

/// Place a case on hold
///
/// Pauses the case until it is resumed. Its member is notified by an alert and an email. Allowed from: `accepted`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = HoldCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({"always": ["case_held"], "may": [], "denied": entity::audit::Action::CaseHeld}))),
)]
#[post("/cases/{case_id}/hold")]
pub async fn hold_case(app: App, by: Staff, target: CaseTarget, body: Body<HoldCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Hold).await?;
    let duration = body.hold_duration_days.map(ThousandthDays::duration);
    let case = tx.save(case.hold(Hold::new(&body.reason, duration), tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
