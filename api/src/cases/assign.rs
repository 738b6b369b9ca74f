//! Assign a case.

use super::people::{assignee, overrides_level};
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::fields::{Id, Reason};
use crate::wire::{WriteProblems, json};
use actix_web::post;
use entity::audit::key;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for assigning a case
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"assigned_to": "01a20725-be30-7584-bca5-f00e655c90d6", "reason": "tech1 is on leave"}))]
pub struct AssignCase {
    /// The new assignee; null unassigns the case
    #[serde(deserialize_with = "json::nullable")]
    #[schema(required = true)]
    assigned_to: Option<Id>,
    /// Reason for the assignment
    #[validate(nested)]
    reason: Reason,
    /// Reason for overriding the level rule; administrators only. Recorded if the rule is overridden
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    override_reason: Option<Reason>,
}

/// Assign or unassign a case
///
/// The status does not change. Assigning the case to its current assignee changes nothing. Allowed from: `accepted`, `hold`,
/// `pending_review`, `resubmitted`, `needs_resubmission`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = AssignCase,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_assigned", "case_reassigned"], "denied": entity::audit::Action::CaseAssigned,
    }))),
)]
#[post("/cases/{case_id}/assign")]
pub async fn assign_case(app: App, by: Staff, target: CaseTarget, body: Body<AssignCase>) -> Result<Answer<CaseDetail>> {
    let override_level = overrides_level(&by, body.override_reason.as_deref())?;
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::Assign).await?;
    if let Some(reason) = &body.override_reason {
        tx.note(key::OVERRIDE_REASON, Some(reason.as_str()));
    }
    let assignee = match body.assigned_to {
        Some(id) => Some(assignee(&tx, id.get()).await?),
        None => None,
    };
    let case = tx.save(case.assign(assignee.as_ref(), override_level)?).await?;
    CaseDetail::committed(tx, case, &by).await
}
