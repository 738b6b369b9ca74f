//! Release a completed case to its member.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfMatchHeader, OptionalBody, Result, Staff};
use crate::state::App;
use crate::wire::fields::Reason;
use crate::wire::{WriteProblems, json};
use actix_web::post;
use entity::audit::key;
use entity::case::CaseAction;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for releasing a completed case before its scheduled time
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "the member called"}))]
pub struct ReleaseCase {
    /// Reason for the release
    #[serde(deserialize_with = "json::optional")]
    #[validate(nested)]
    reason: Option<Reason>,
}

/// Release a completed case to its member
///
/// From then on its member sees that the case is completed. Allowed from: `completed`, if not yet released.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<ReleaseCase>, description = "Optional"),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_updated"], "may": [], "denied": entity::audit::Action::CaseUpdated,
    }))),
)]
#[post("/cases/{case_id}/release")]
pub async fn release_case(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: OptionalBody<ReleaseCase>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let tx = tx.with_reason_if(body.reason.as_deref()).with_note(key::TRIGGER, "manual");
    let case = target.locked(&tx, &by, CaseAction::Release).await?;
    let case = tx.save(case.release(tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
