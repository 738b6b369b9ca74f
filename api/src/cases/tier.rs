//! Change the tier of a case.

use super::people::overrides_level;
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{WriteProblems, json};
use actix_web::post;
use entity::audit::key;
use entity::case::{CaseAction, Tier};
use entity::user;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for changing the tier of a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tier": "tier_3", "reason": "two employers, three plans"}))]
pub struct ChangeCaseTier {
    tier: Tier,
    /// Reason for the change
    #[validate(nested)]
    reason: Reason,
    /// Reason for overriding the level rule; administrators only. Recorded if the rule is overridden
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    override_reason: Option<Reason>,
}

/// Change the tier of a case
///
/// Setting the current tier changes nothing and writes no audit entry. Allowed from: `accepted`, `hold`, `pending_review`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = ChangeCaseTier,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_tier_changed"], "denied": entity::audit::Action::CaseTierChanged,
    }))),
)]
#[post("/cases/{case_id}/tier")]
pub async fn change_case_tier(app: App, by: Staff, target: CaseTarget, body: Body<ChangeCaseTier>) -> Result<Answer<CaseDetail>> {
    let override_level = overrides_level(&by, body.override_reason.as_deref())?;
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Tier).await?;
    if let Some(reason) = &body.override_reason {
        tx.note(key::OVERRIDE_REASON, Some(reason.as_str()));
    }
    let assignee = match case.assigned_to_id {
        Some(id) => user::assignee(&tx, id).await?,
        None => None,
    };
    let case = tx.save(case.change_tier(body.tier, assignee.as_ref(), override_level)?).await?;
    CaseDetail::committed(tx, case, &by).await
}
