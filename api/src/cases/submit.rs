//! Submit a case.

use super::settled::Today;
use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::{Answer, IfMatchHeader, Member, OptionalBody, Result, WriteProblems};
use crate::state::App;
use actix_web::post;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// What the member agrees to
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"confirm_rush": true}))]
pub struct SubmitCase {
    /// Needed if the due date has made a rush case of it, which costs a fee
    confirm_rush: bool,
}

/// Submit a draft
///
/// From here on the desk works on it. If its due date has come so near that it becomes a rush case, the member has to
/// confirm that. From `draft`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<SubmitCase>, description = "May be left out"),
    responses((status = OK, description = "The case as it now is", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({"always": ["case_submitted"], "may": []}))),
)]
#[post("/cases/{case_id}/submit")]
pub async fn submit_case(app: App, by: Member, target: CaseTarget, body: OptionalBody<SubmitCase>) -> Result<Answer<CaseDetail>> {
    let (tx, by) = app.begin(&by).await?;
    let case = target.locked(&tx, &by, CaseAction::Submit).await?;
    let demanded = Today::read(&tx).await?.demanded_by(case.due_on);
    let case = tx.save(case.submit(demanded, body.confirm_rush, tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
