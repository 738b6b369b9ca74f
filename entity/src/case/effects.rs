//! What must follow a change of a case: steps of its review history, and notifications with their words. Pure: no clock, no
//! database, no request.

use super::{CaseStatus, Model, ReviewStatus, member_update};
use crate::alert::{Kind, Severity};
use crate::audit::{ChangeContext, key};
use crate::effect::{Effect, Email, Notice, Recipients};
use crate::outbox::{EmailParameters, HoldParameters, RejectionParameters, ReleaseParameters};
use crate::review::{ReviewAction, Step};
use crate::setting;
use sea_orm::prelude::Uuid;

pub(super) fn effects(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Effect> {
    let Some(before) = before else { return Vec::new() };
    let step = review_step(before, after, change).map(Effect::Review);
    let moved = moved(before, after).map(Effect::Notice);
    // No one is notified of a completion before the release.
    let is_released = before.released_at.is_none() && after.released_at.is_some();
    let released = is_released.then(|| Effect::Notice(released(after)));
    let others = new_end_of_hold(before, after).into_iter().chain(new_member(before, after));
    // Without a new status it is an edit: a submission is seen in the queue anyway.
    let edited = if before.status == after.status { member_update::effect(after.id, change) } else { None };
    step.into_iter().chain(moved).chain(released).chain(others).chain(edited).collect()
}

/// A hold with another expected end can be overdue anew, and its member is notified.
fn new_end_of_hold(before: &Model, after: &Model) -> Vec<Effect> {
    let is_the_same_hold = before.status == CaseStatus::Hold && after.status == CaseStatus::Hold;
    if !is_the_same_hold || before.hold_expected_end_at == after.hold_expected_end_at {
        return Vec::new();
    }
    vec![Effect::HoldNotOverdue { case_id: after.id }, Effect::Notice(hold_changed(after))]
}

/// Both members are notified that a case was handed over.
fn new_member(before: &Model, after: &Model) -> Vec<Effect> {
    if before.member_id == after.member_id {
        return Vec::new();
    }
    vec![Effect::Notice(received(after)), Effect::Notice(given_away(before))]
}

/// The step of the review history that a change is. Only people take one.
fn review_step(before: &Model, after: &Model, change: &ChangeContext) -> Option<Step> {
    let step = |action, reviewer_id: Option<Uuid>, notes: Option<&String>| {
        Some(Step {
            case_id: after.id,
            case_number: after.case_number.clone(),
            at: after.updated_at,
            action,
            reviewer_id: reviewer_id?,
            original_technician_id: after.assigned_to_id,
            notes: notes.cloned(),
        })
    };
    match (before.status, after.status) {
        (CaseStatus::Accepted, CaseStatus::PendingReview) => {
            step(ReviewAction::beginning(change.noted_count(key::REVIEW_CYCLE)), change.by.id(), None)
        }
        (CaseStatus::PendingReview, CaseStatus::Completed | CaseStatus::Accepted) => {
            step(after.review_status?.review_action(), after.reviewed_by_id, after.review_notes.as_ref())
        }
        _ => None,
    }
}

/// Who is notified of a new status.
fn moved(before: &Model, after: &Model) -> Option<Notice> {
    match (before.status, after.status) {
        (from, to) if from == to => None,
        (_, CaseStatus::Hold) => Some(held(after)),
        (CaseStatus::Hold, _) => Some(resumed(after)),
        (_, CaseStatus::NeedsResubmission) => Some(rejected(after)),
        (_, CaseStatus::Resubmitted) => resubmitted(after),
        (_, CaseStatus::PendingReview) => Some(review_needed(after)),
        (CaseStatus::PendingReview, _) => review_decided(after),
        _ => None,
    }
}

/// Notifies the case's member that the case was put on hold.
fn held(case: &Model) -> Notice {
    let hold = hold(case);
    member(case, (Kind::CaseHeld, Severity::Warning), hold.reason.clone(), EmailParameters::CaseHeld(hold))
}

/// Notifies the case's member that the hold has another expected end.
fn hold_changed(case: &Model) -> Notice {
    let hold = hold(case);
    member(case, (Kind::CaseHoldChanged, Severity::Info), hold.reason.clone(), EmailParameters::CaseHoldChanged(hold))
}

/// Notifies the new member of a case that it is theirs now.
fn received(case: &Model) -> Notice {
    let message = "You are now its member: you can see it, and you are notified of what happens to it.".to_owned();
    member(case, (Kind::CaseMemberChanged, Severity::Info), message, EmailParameters::CaseMemberChanged)
}

/// Notifies the former member of a case, who no longer sees it: the alert does not lead to the case.
fn given_away(before: &Model) -> Notice {
    let title = format!("Case {} was handed over to another member", before.case_number);
    let message = "You are no longer its member, and it is not visible to you any more.".to_owned();
    let (to, kind, severity) = (Recipients::Member(before.member_id), Kind::CaseMemberChanged, Severity::Info);
    Notice { to, kind, severity, title, message, case: None, mail: None }
}

/// Notifies the case's member that the case was resumed.
fn resumed(case: &Model) -> Notice {
    let message = "The hold has ended, and work on the case continues.".to_owned();
    member(case, (Kind::CaseResumed, Severity::Info), message, EmailParameters::CaseResumed)
}

/// Notifies the case's member that the case was rejected.
fn rejected(case: &Model) -> Notice {
    let notes = case.rejection_notes.clone().unwrap_or_default();
    let rejection_reason = case.rejection_reason.map(|reason| reason.code().to_owned());
    let parameters = EmailParameters::CaseRejected(RejectionParameters { rejection_reason, rejection_notes: notes.clone() });
    member(case, (Kind::CaseRejected, Severity::Warning), notes, parameters)
}

/// Notifies the case's member that the result is available.
fn released(case: &Model) -> Notice {
    let message = "Its result was released to you.".to_owned();
    let parameters = EmailParameters::CaseReleased(ReleaseParameters { released_at: case.released_at });
    member(case, (Kind::CaseReleased, Severity::Info), message, parameters)
}

/// Notifies the assignee, if any, that the member resubmitted the case.
pub fn resubmitted(case: &Model) -> Option<Notice> {
    let title = format!("Case {} was resubmitted", case.case_number);
    let message = case.resubmission_notes.clone().unwrap_or_else(|| "The member left no notes.".to_owned());
    let to = Recipients::User(case.assigned_to_id?);
    Some(staff(case, to, (Kind::CaseResubmitted, Severity::Info), title, message))
}

/// Notifies everyone who may review the case that it is waiting for a review.
fn review_needed(case: &Model) -> Notice {
    let title = format!("Case {} is waiting for review", case.case_number);
    let message = "The work of a new technician needs a review.".to_owned();
    staff(case, Recipients::ReviewersOf(case.id), (Kind::ReviewNeeded, Severity::Warning), title, message)
}

/// Notifies the assignee, if any, of the result of the review.
fn review_decided(case: &Model) -> Option<Notice> {
    let (decision, severity) = match case.review_status {
        Some(ReviewStatus::RevisionsRequested) => ("revisions are requested", Severity::Warning),
        Some(ReviewStatus::CorrectionsNeeded) => ("completed with corrections", Severity::Info),
        Some(ReviewStatus::Approved) | None => ("approved", Severity::Info),
    };
    let title = format!("Review of case {}: {decision}", case.case_number);
    let message = case.review_notes.clone().unwrap_or_else(|| "The reviewer left no notes.".to_owned());
    Some(staff(case, Recipients::User(case.assigned_to_id?), (Kind::ReviewDecided, severity), title, message))
}

/// Notifies the assignee and the managers that a case has been on hold for longer than expected.
pub fn hold_overdue(case: &Model, settings: &setting::Model) -> Notice {
    let title = format!("The hold of case {} is overdue", case.case_number);
    let end = case.hold_expected_end_at.map_or_else(|| "earlier".to_owned(), |at| format!("on {}", settings.civil_time(at)));
    let message = format!("It was expected to end {end}. The case stays on hold until it is resumed.");
    let to = Recipients::ManagersAnd(case.assigned_to_id);
    staff(case, to, (Kind::HoldOverdue, Severity::Warning), title, message)
}

/// An alert for staff.
fn staff(case: &Model, to: Recipients, (kind, severity): (Kind, Severity), title: String, message: String) -> Notice {
    Notice { to, kind, severity, title, message, case: Some((case.id, case.case_number.clone())), mail: None }
}

/// An alert and an email for the case's member.
fn member(case: &Model, (kind, severity): (Kind, Severity), message: String, parameters: EmailParameters) -> Notice {
    let (to, title) = (Recipients::Member(case.member_id), parameters.title(&case.case_number));
    let employee_name = Some(format!("{} {}", case.employee_first_name, case.employee_last_name));
    let mail = Some(Email { parameters, employee_name });
    Notice { to, kind, severity, title, message, case: Some((case.id, case.case_number.clone())), mail }
}

fn hold(case: &Model) -> HoldParameters {
    HoldParameters { reason: case.hold_reason.clone().unwrap_or_default(), expected_end_at: case.hold_expected_end_at }
}

#[cfg(test)]
mod tests {
    use super::super::lifecycle::NewCase;
    use super::super::{Entity, Urgency};
    use super::*;
    use crate::audit::{Actor, AppliedChange, happen};
    use crate::user::{Person, Role};
    use chrono::{DateTime, Utc};

    const ASSIGNEE: Uuid = Uuid::from_u128(7);
    const NEW_MEMBER: Uuid = Uuid::from_u128(8);

    fn change() -> ChangeContext {
        change_by(Role::Technician)
    }

    fn change_by(role: Role) -> ChangeContext {
        let (username, full_name, email) = ("ada".to_owned(), "Ada Byron".to_owned(), "ada@example.org".to_owned());
        ChangeContext::new(Actor::Person(Person { id: ASSIGNEE, username, full_name, role, user_level: None, email }))
    }

    fn accepted() -> Model {
        let new = NewCase {
            id: Uuid::from_u128(1),
            case_number: "WS001-2026-12-0001".to_owned(),
            workshop_code: "WS001".to_owned(),
            member_id: Uuid::from_u128(2),
            created_by_id: Uuid::from_u128(2),
            employee_first_name: "Ada".to_owned(),
            employee_last_name: "Moss".to_owned(),
            client_email: None,
            num_reports_requested: 1,
            urgency: Urgency::Normal,
            due_on: DateTime::<Utc>::UNIX_EPOCH.date_naive(),
            special_notes: None,
        };
        let Some(AppliedChange { row, .. }) =
            happen::<Entity>(None, new.draft(), &mut change(), |_| None, DateTime::UNIX_EPOCH).unwrap()
        else {
            panic!("a new case")
        };
        Model { status: CaseStatus::Accepted, assigned_to_id: Some(ASSIGNEE), ..row }
    }

    /// The actions of the steps and the kinds and recipients of the notices that follow a change.
    fn following(before: &Model, after: &Model) -> (Vec<ReviewAction>, Vec<(Kind, Recipients)>) {
        let (mut steps, mut notices) = (Vec::new(), Vec::new());
        for effect in effects(Some(before), after, &change()) {
            match effect {
                Effect::Review(step) => steps.push(step.action),
                Effect::Notice(notice) => notices.push((notice.kind, notice.to)),
                Effect::HoldNotOverdue { case_id } => assert_eq!(case_id, after.id),
                Effect::MemberUpdated { .. } => panic!("a change by staff"),
            }
        }
        (steps, notices)
    }

    #[test]
    fn changes_are_followed_by_their_review_steps_and_notifications() {
        let (before, at) = (accepted(), Some(DateTime::UNIX_EPOCH));
        let member = || Recipients::Member(before.member_id);
        let to = |status| Model { status, ..before.clone() };
        let waiting = to(CaseStatus::PendingReview);
        let decided =
            Model { review_status: Some(ReviewStatus::Approved), reviewed_by_id: Some(ASSIGNEE), ..to(CaseStatus::Completed) };
        let released = Model { released_at: at, ..decided.clone() };
        let decision = || (Kind::ReviewDecided, Recipients::User(ASSIGNEE));
        let submitted = ReviewAction::SubmittedForReview;
        let held = to(CaseStatus::Hold);
        let prolonged = Model { hold_expected_end_at: at, ..held.clone() };
        let explained = Model { hold_reason: Some("because".to_owned()), ..held.clone() };
        let handed_over = Model { member_id: NEW_MEMBER, ..before.clone() };
        let hand_over = |member| (Kind::CaseMemberChanged, Recipients::Member(member));
        let again = || (vec![], vec![(Kind::CaseResubmitted, Recipients::User(ASSIGNEE))]);
        for (before, after, expected) in [
            (&before, &to(CaseStatus::Hold), (vec![], vec![(Kind::CaseHeld, member())])),
            (&to(CaseStatus::Hold), &before, (vec![], vec![(Kind::CaseResumed, member())])),
            (&before, &waiting, (vec![submitted], vec![(Kind::ReviewNeeded, Recipients::ReviewersOf(waiting.id))])),
            (&waiting, &decided, (vec![ReviewAction::Approved], vec![decision()])),
            (&waiting, &released, (vec![ReviewAction::Approved], vec![decision(), (Kind::CaseReleased, member())])),
            (&to(CaseStatus::NeedsResubmission), &to(CaseStatus::Resubmitted), again()),
            (&released, &Model { status: CaseStatus::Resubmitted, ..before.clone() }, again()),
            (&before, &to(CaseStatus::Completed), (vec![], vec![])),
            (&before, &before, (vec![], vec![])),
            (&held, &prolonged, (vec![], vec![(Kind::CaseHoldChanged, member())])),
            (&held, &explained, (vec![], vec![])),
            (&before, &handed_over, (vec![], vec![hand_over(NEW_MEMBER), hand_over(before.member_id)])),
        ] {
            assert_eq!(following(before, after), expected, "{:?} to {:?}", before.status, after.status);
        }
    }

    #[test]
    fn an_edit_by_a_member_is_flagged_and_a_submission_is_not() {
        let before = accepted();
        let edited = Model { special_notes: Some("call first".to_owned()), ..before.clone() };
        let flag = Effect::MemberUpdated { case_id: before.id };
        assert_eq!(effects(Some(&before), &edited, &change_by(Role::Member)), [flag]);
        assert_eq!(effects(Some(&before), &edited, &change()), []);
        let draft = Model { status: CaseStatus::Draft, ..before.clone() };
        let submitted = Model { status: CaseStatus::Submitted, ..before };
        assert_eq!(effects(Some(&draft), &submitted, &change_by(Role::Member)), []);
    }

    #[test]
    fn only_the_first_submission_for_review_is_not_called_resubmitted() {
        let (before, submitted) = (accepted(), ReviewAction::SubmittedForReview);
        let waiting = Model { status: CaseStatus::PendingReview, ..before.clone() };
        for (cycle, expected) in [(None, submitted), (Some(1_i64), submitted), (Some(2), ReviewAction::Resubmitted)] {
            let mut change = change();
            change.note(key::REVIEW_CYCLE, cycle);
            let step = review_step(&before, &waiting, &change);
            assert_eq!(step.map(|step| step.action), Some(expected), "{cycle:?}");
        }
    }
}
