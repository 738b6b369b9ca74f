//! The three decisions of a review.

use super::settled::{ReleaseWhen, Today};
use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, Body, CasePath, IfMatchHeader, OptionalBody, Result, Staff};
use crate::state::App;
use crate::wire::fields::{Notes, Remark};
use crate::wire::{Instant, WriteProblems, json};
use actix_web::post;
use entity::audit::key;
use entity::case::lifecycle::{Decision, Release};
use entity::case::{CaseAction, ReviewStatus};
use entity::review;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for approving a review
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"notes": "clean work"}))]
pub struct ApproveReview {
    /// The reviewer's findings
    #[serde(deserialize_with = "json::optional")]
    #[validate(nested)]
    notes: Option<Notes>,
    /// When to release the result to the member; the default comes from the settings
    release: Option<ReleaseWhen>,
    /// The time of a scheduled release, within 60 days
    release_at: Option<Instant>,
}

/// Request body for requesting revisions
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"notes": "the survivor benefit is missing"}))]
pub struct RequestRevisions {
    /// What must be revised
    #[validate(nested)]
    notes: Remark,
}

/// Request body for completing a review with corrections
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"notes": "corrected the retirement date myself"}))]
pub struct CorrectReview {
    /// What the reviewer corrected
    #[validate(nested)]
    notes: Remark,
    /// When to release the result to the member; the default comes from the settings
    release: Option<ReleaseWhen>,
    /// The time of a scheduled release, within 60 days
    release_at: Option<Instant>,
}

/// Approve a case under review
///
/// Completes the case. Reviewers are technicians of levels 2 and 3, managers and administrators, but never the case's own
/// assignee. Allowed from: `pending_review`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body(content = Option<ApproveReview>, description = "Optional"),
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed", "review_updated"], "may": [], "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/review/approve")]
pub async fn approve_review(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: OptionalBody<ApproveReview>,
) -> Result<Answer<CaseDetail>> {
    let release = Some((body.release, body.release_at));
    decide(&app, &by, target, ReviewStatus::Approved, body.notes.as_deref(), release).await
}

/// Request revisions of a case under review
///
/// The case is `accepted` again. Allowed from: `pending_review`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = RequestRevisions,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed", "review_updated"], "may": [], "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/review/request-revisions")]
pub async fn request_revisions(
    app: App,
    by: Staff,
    target: CaseTarget,
    body: Body<RequestRevisions>,
) -> Result<Answer<CaseDetail>> {
    decide(&app, &by, target, ReviewStatus::RevisionsRequested, Some(&body.notes), None).await
}

/// Complete a case under review with corrections
///
/// Completes the case with the reviewer's corrections. Allowed from: `pending_review`.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfMatchHeader),
    request_body = CorrectReview,
    responses((status = OK, description = "The case in its current state", body = CaseDetail), WriteProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["case_status_changed", "review_updated"], "may": [], "denied": entity::audit::Action::CaseStatusChanged,
    }))),
)]
#[post("/cases/{case_id}/review/correct")]
pub async fn correct_review(app: App, by: Staff, target: CaseTarget, body: Body<CorrectReview>) -> Result<Answer<CaseDetail>> {
    let release = Some((body.release, body.release_at));
    decide(&app, &by, target, ReviewStatus::CorrectionsNeeded, Some(&body.notes), release).await
}

/// `release` is what was requested, if the decision completes the case.
async fn decide(
    app: &App,
    by: &Staff,
    target: CaseTarget,
    status: ReviewStatus,
    notes: Option<&str>,
    release: Option<(Option<ReleaseWhen>, Option<Instant>)>,
) -> Result<Answer<CaseDetail>> {
    let (tx, by, target) = target.begin(app, by).await?;
    let case = target.locked(&tx, &by, CaseAction::Review).await?;
    let release = match release {
        Some((when, at)) => Today::read(&tx).await?.release(when, at)?,
        None => Release::Now,
    };
    tx.note(key::REVIEW_CYCLE, Some(review::cycle(&review::history(&tx, case.id).await?)));
    tx.people(case.assigned_to_id.into_iter()).await?;
    let decision = Decision { status, notes, reviewer: by.id(), release };
    let case = tx.save(case.decide(decision, tx.now())?).await?;
    CaseDetail::committed(tx, case, &by).await
}
