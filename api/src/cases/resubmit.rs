//! Resubmit a case.

use super::people::current_assignee;
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfMatchHeader, Member, OptionalBody, Result};
use crate::state::App;
use crate::wire::fields::Notes;
use crate::wire::{WriteProblems, json};
use actix_web::post;
use entity::audit::key;
use entity::case::{CaseAction, Circumstances};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for resubmitting a case
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"notes": "the email address is corrected"}))]
pub struct ResubmitCase {
    /// What has changed
    #[serde(deserialize_with = "json::optional")]
    #[validate(nested)]
    notes: Option<Notes>,
}

/// Resubmit a case
///
/// Its member must have edited a field or added a document since the case was completed or rejected. If its assignee can no
/// longer be assigned to cases, it returns to the queue unassigned. Allowed from: `needs_resubmission`, and `completed` once
/// released.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<ResubmitCase>, description = "Optional"),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_resubmitted"], "may": ["case_reassigned"], "denied": entity::audit::Action::CaseResubmitted,
    }))),
)]
#[post("/cases/{case_id}/resubmit")]
pub async fn resubmit_case(
    app: App,
    by: Member,
    target: CaseTarget,
    body: OptionalBody<ResubmitCase>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let (case, Circumstances { new_documents, .. }) = target.locked_when(&tx, &by, CaseAction::Resubmit).await?;
    tx.note(key::EDITED_FIELDS, case.edited_fields().into_iter().collect::<Vec<_>>());
    tx.note(key::NEW_DOCUMENTS, new_documents);
    let assignee = current_assignee(&tx, &case).await?;
    let case = tx.save(case.resubmit(body.notes.as_deref(), new_documents, assignee.as_ref(), tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
