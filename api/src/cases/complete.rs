//! Complete a case.

use super::settled::{ReleaseWhen, Today};
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfMatchHeader, OptionalBody, Result, Staff};
use crate::state::App;
use crate::wire::{Instant, WriteProblems};
use actix_web::post;
use entity::audit::key;
use entity::case::CaseAction;
use entity::case::lifecycle::Completion;
use entity::document;
use entity::review;
use entity::user;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for completing a case
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"override_incomplete": false, "release": "scheduled", "release_at": "2026-12-24T15:00:00.000Z"}))]
pub struct CompleteCase {
    /// Whether to complete the case even though requested reports are missing
    override_incomplete: bool,
    /// When to release the result to the member; the default comes from the settings
    release: Option<ReleaseWhen>,
    /// The time of a scheduled release, within 60 days
    release_at: Option<Instant>,
}

/// Complete a case or submit it for review
///
/// Every requested report must have been uploaded, unless `override_incomplete` is set. The work of a level 1 technician is
/// submitted for review, regardless of who completes it; the reviewer then decides on the release. Allowed from: `accepted`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<CompleteCase>, description = "Optional"),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed"], "may": ["review_submitted"], "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/complete")]
pub async fn complete_case(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: OptionalBody<CompleteCase>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(&app, &by).await?;
    let case = target.locked(&tx, &by, CaseAction::Complete).await?;
    let release = Today::read(&tx).await?.release(body.release, body.release_at)?;
    let assignee = match case.assigned_to_id {
        Some(id) => user::assignee(&tx, id).await?,
        None => None,
    };
    if assignee.as_ref().is_some_and(user::Model::is_reviewed) {
        tx.note(key::REVIEW_CYCLE, Some(review::next_cycle(&review::history(&tx, case.id).await?)));
    }
    let missing = case.missing_reports(&document::report_numbers(&tx, case.id).await?);
    let override_incomplete = body.override_incomplete;
    if override_incomplete && !missing.is_empty() {
        tx.note(key::OVERRIDE_INCOMPLETE, true);
        tx.note(key::MISSING_REPORTS, missing.as_slice());
    }
    let completion = Completion { assignee: assignee.as_ref(), missing_reports: &missing, override_incomplete, release };
    let case = tx.save(case.complete(completion, tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
