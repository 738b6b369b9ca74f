//! Hold a case.

use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::{Answer, Body, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::WriteProblems;
use crate::wire::check::{not_blank, thousandths};
use actix_web::post;
use chrono::TimeDelta;
use entity::case::CaseAction;
use entity::case::lifecycle::Hold;
use serde::Deserialize;
use std::time::Duration;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for placing a case on hold
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "waiting for pay stub", "hold_duration_days": 14}))]
pub struct HoldCase {
    /// Reason for the hold; reported to the member
    #[validate(length(min = 1, max = 2000), custom(function = "not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = "not_blank")]
    reason: String,
    /// Expected duration in days, with at most three decimals; open-ended if absent
    #[validate(range(min = 0.001, max = 999.999), custom(function = "thousandths"))]
    #[schema(minimum = 0.001, maximum = 999.999)]
    hold_duration_days: Option<f64>,
}

impl HoldCase {
    /// Days rounded to thousandths, converted to whole seconds.
    fn duration(&self) -> Option<TimeDelta> {
        let days = self.hold_duration_days?;
        // Neither conversion can fail: the number of days was validated.
        let seconds = Duration::try_from_secs_f64(((days * 1_000.0).round() * 86.4).round()).ok()?;
        TimeDelta::from_std(seconds).ok()
    }
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
    let (tx, by) = app.begin(&by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Hold).await?;
    let hold = Hold::new(&body.reason, body.duration());
    let case = tx.save(case.hold(hold, tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
