//! Submit a case.

use super::settled::Today;
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfMatchHeader, Member, OptionalBody, Result};
use crate::state::App;
use crate::wire::WriteProblems;
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for submitting a case
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"confirm_rush": true}))]
pub struct SubmitCase {
    /// Required if the due date has made this a rush case, which costs a fee
    confirm_rush: bool,
}

/// Submit a draft
///
/// The staff works on the case from then on. If its due date is now so near that it becomes a rush case, the member must confirm
/// this. Allowed from: `draft`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<SubmitCase>, description = "Optional"),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_submitted"], "may": [], "denied": entity::audit::Action::CaseSubmitted,
    }))),
)]
#[post("/cases/{case_id}/submit")]
pub async fn submit_case(app: App, by: Member, target: CaseTarget, body: OptionalBody<SubmitCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let case = target.locked(&tx, &by, CaseAction::Submit).await?;
    let required = Today::read(&tx).await?.required_by(case.due_on);
    let case = tx.save(case.submit(required, body.confirm_rush, tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
