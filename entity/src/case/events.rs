//! The events of a change to a case. Pure: no clock, no database, no request.

use super::{CaseStatus, Column, DETAILS, Model, RELEASE_BLOCK, REMARKS};
use crate::audit::{ChangeContext, Event};
use sea_orm::ModelTrait;

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    let Some(before) = before else { return vec![Event::case_created(after)] };
    if before.deleted_at != after.deleted_at {
        return vec![Event::case_deleted(before, after, change)];
    }
    let mut events = Vec::new();
    let is_moved = before.status != after.status;
    match (before.status, after.status) {
        (from, to) if from == to => {}
        (CaseStatus::Draft, CaseStatus::Submitted) => events.push(Event::case_submitted(before, after)),
        (_, CaseStatus::Resubmitted) => events.push(Event::case_resubmitted(before, after, change)),
        (_, CaseStatus::Hold) => events.push(Event::case_held(before, after, change.reason())),
        (CaseStatus::Hold, _) => events.push(Event::case_resumed(before, after, change.reason())),
        (from, to) => events.push(Event::case_status_changed(before, after, status_event(from, to, after), change)),
    }
    events.extend(review_event(before, after, change));
    if before.assigned_to_id != after.assigned_to_id {
        events.push(Event::case_assigned(before, after, change));
    }
    if before.tier.is_some() && before.tier != after.tier {
        events.push(Event::case_tier_changed(before, after, change.reason()));
    }
    let differ = |columns: &[Column]| columns.iter().any(|column| before.get(*column) != after.get(*column));
    if differ(DETAILS) {
        events.push(Event::case_details_edited(before, after, change));
    }
    if !is_moved && differ(&[Column::CreditTenths]) {
        events.push(Event::case_updated(before, after, "credit_adjusted", &[Column::CreditTenths], change));
    }
    if !is_moved && differ(RELEASE_BLOCK) {
        events.push(Event::case_updated(before, after, "case_released", RELEASE_BLOCK, change));
    }
    // A submission covers the urgency itself.
    if !is_moved && differ(REMARKS) {
        events.push(Event::case_updated(before, after, "edited", REMARKS, change));
    }
    events
}

/// Sending to review and deciding have their own entries in addition to the status.
fn review_event(before: &Model, after: &Model, change: &ChangeContext) -> Option<Event> {
    match (before.status, after.status) {
        (CaseStatus::Accepted, CaseStatus::PendingReview) => Some(Event::review_submitted(after, change)),
        (CaseStatus::PendingReview, CaseStatus::Completed | CaseStatus::Accepted) => {
            Some(Event::review_updated(before, after, change))
        }
        _ => None,
    }
}

/// The event name of a status change that has no action type of its own.
fn status_event(from: CaseStatus, to: CaseStatus, after: &Model) -> &'static str {
    use super::ReviewStatus;
    match (from, to) {
        (_, CaseStatus::NeedsResubmission) => "rejected",
        (CaseStatus::PendingReview, _) => match after.review_status {
            Some(ReviewStatus::Approved) => "review_approved",
            Some(ReviewStatus::RevisionsRequested) => "revisions_requested",
            Some(ReviewStatus::CorrectionsNeeded) => "corrections_made",
            None => "moved",
        },
        (CaseStatus::Completed, CaseStatus::Accepted) => "reopened",
        (_, CaseStatus::Accepted) => "accepted",
        (_, CaseStatus::Completed) => "completed",
        (_, CaseStatus::PendingReview) => "sent_to_review",
        (_, CaseStatus::Draft | CaseStatus::Submitted | CaseStatus::Hold | CaseStatus::Resubmitted) => "moved",
    }
}
