//! Hand a case over to another member.

use super::people::active_member;
use super::{CaseDetail, CaseTarget};
use crate::http::{Administrator, Answer, Body, CasePath, IfMatchHeader, Result};
use crate::state::App;
use crate::wire::WriteProblems;
use crate::wire::fields::{Id, Reason};
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for handing a case over to another member
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"member_id": "01a20725-be30-7584-bca5-f00e655c90d6", "reason": "member1 has left the workshop"}))]
pub struct ChangeCaseMember {
    /// The new member, who must be active
    member_id: Id,
    /// Reason for the change
    #[validate(nested)]
    reason: Reason,
}

/// Hand a case over to another member
///
/// The case is the new member's from now on, with its documents, notes and credits, in whatever status it is; the former member
/// no longer sees it. Its workshop, its assignee and its history stay as they are. Both members are notified by an alert, the new
/// one also by an email. Handing a case to its own member changes nothing. It cannot be handed to a user whom it is assigned to,
/// such as a former technician. Allowed from any status.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = ChangeCaseMember,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["case_updated"], "denied": entity::audit::Action::CaseUpdated,
    }))),
)]
#[post("/cases/{case_id}/member")]
pub async fn change_case_member(
    app: App,
    by: Administrator,
    target: CaseTarget,
    body: Body<ChangeCaseMember>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason(&body.reason);
    let case = target.locked(&tx, &by, CaseAction::ChangeMember).await?;
    let member = active_member(&tx, body.member_id.get()).await?;
    let case = tx.save(case.change_member(member.id)?).await?;
    CaseDetail::committed(tx, case, &by).await
}
