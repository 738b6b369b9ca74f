//! Acknowledge a member's updates.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfMatchHeader, Result, Staff};
use crate::state::App;
use crate::wire::MoveProblems;
use actix_web::post;
use entity::case::{CaseAction, member_update};

/// Acknowledge the updates a member made to a case
///
/// Clears `has_member_updates`; the case itself and its version do not change. Allowed from every status except `draft`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), MoveProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("clears a flag of the staff's queue and does not change the case")),
    ),
)]
#[post("/cases/{case_id}/acknowledge-updates")]
pub async fn acknowledge_case_updates(app: App, by: Staff, target: CaseTarget) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let case = target.locked(&tx, &by, CaseAction::AcknowledgeUpdates).await?;
    member_update::clear(&tx, case.id).await?;
    CaseDetail::committed(tx, case, &by).await
}
