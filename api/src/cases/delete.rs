//! Delete a case.

use super::CaseTarget;
use crate::http::{CasePath, IfMatchHeader, MemberOrAdministrator, Query, Result};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{Error, MoveProblems};
use actix_web::{HttpResponse, delete};
use entity::case::{CaseAction, CaseStatus};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// Query parameters for deleting a case
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct DeleteCase {
    /// Reason for the deletion; required unless the case is a draft
    #[validate(nested)]
    #[param(inline, nullable = false, example = "submitted twice")]
    reason: Option<Reason>,
}

/// Delete a case
///
/// Members may delete their own drafts, administrators any case. The case is kept but is no longer visible to anyone; its audit
/// entries remain.
#[utoipa::path(
    tag = "cases",
    params(CasePath, DeleteCase, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The case was deleted"), MoveProblems),
    extensions(("x-audit-actions" = json!({"always": ["other"], "may": [], "denied": entity::audit::Action::Other}))),
)]
#[delete("/cases/{case_id}")]
pub async fn delete_case(
    app: App,
    by: MemberOrAdministrator,
    target: CaseTarget,
    query: Query<DeleteCase>,
) -> Result<HttpResponse> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason_if(query.reason.as_deref());
    let case = target.locked(&tx, &by, CaseAction::Delete).await?;
    let is_draft = case.status == CaseStatus::Draft;
    let deleted = case.delete(&by, tx.now())?;
    if !is_draft && query.reason.is_none() {
        return Err(Error::parameter("reason", "required", "is required unless the case is a draft").into());
    }
    tx.save(deleted).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
