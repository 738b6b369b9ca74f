//! Complete a case.

use super::settled::{ReleaseWhen, Today};
use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::{Answer, IfMatchHeader, Instant, OptionalBody, Result, Staff, WriteProblems};
use crate::state::App;
use actix_web::post;
use entity::case::{CaseAction, CaseStatus};
use entity::review::{self, ReviewAction};
use entity::user;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// How a case is completed
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"release": "scheduled", "release_at": "2026-12-24T15:00:00.000Z"}))]
pub struct CompleteCase {
    /// When the member is to see the result; as the settings say if absent
    release: Option<ReleaseWhen>,
    /// The instant of a scheduled release, within 60 days
    release_at: Option<Instant>,
}

/// Complete a case, or send it to review
///
/// The work of a level 1 technician goes to review, whoever completes it; the reviewer then decides about the release.
/// From `accepted`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<CompleteCase>, description = "May be left out"),
    responses((status = OK, description = "The case as it now is", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({"always": ["case_status_changed"], "may": ["review_submitted"]}))),
)]
#[post("/cases/{case_id}/complete")]
pub async fn complete_case(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: OptionalBody<CompleteCase>,
) -> Result<Answer<CaseDetail>> {
    let tx = app.begin(&by).await?;
    let case = target.locked(&tx, &by, CaseAction::Complete).await?;
    let release = Today::read(&tx).await?.release(body.release, body.release_at)?;
    let assignee = match case.assigned_to_id {
        Some(id) => user::assignee(&tx, id).await?,
        None => None,
    };
    let case = tx.save(case.complete(assignee.as_ref(), release, tx.now())?).await?;
    if case.status == CaseStatus::PendingReview {
        let history = review::history(&tx, case.id).await?;
        review::record(&tx, &case, &history, ReviewAction::SubmittedForReview, by.id(), None).await?;
    }
    CaseDetail::committed(tx, case, &by).await
}
