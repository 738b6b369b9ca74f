//! State transitions of a case. Pure: the row goes in; the row to save, or the rule that refused, comes out.

use super::{ActiveModel, CaseAction, CaseStatus, Column, Model, RejectionReason, ReviewStatus, Tier, Urgency};
use crate::user::{self, Caller, Role};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

/// The rule that refused a transition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseRefusal {
    #[error("cannot {} a case in status `{}`. Allowed from: {}", action.verb(), current.code(), codes(allowed_from))]
    InvalidCaseState { action: CaseAction, current: CaseStatus, allowed_from: &'static [CaseStatus] },
    #[error("the assignee's level is too low for `{}`", tier.code())]
    LevelTooLow { tier: Tier },
    #[error("the assignee must be an active technician, manager or administrator")]
    NotAssignable,
    #[error("a case cannot be assigned to its own member")]
    OwnMember,
    #[error("no one is assigned to this case")]
    NoAssignee,
    #[error("requested reports are missing: {}", list(missing))]
    MissingReports { missing: Vec<i32> },
    #[error("this case is already assigned")]
    AlreadyAssigned,
    #[error("the due date makes this a rush case with a rush fee of {rush_fee}; set `confirm_rush` to confirm")]
    RushConfirmationRequired { rush_fee: u32 },
    #[error("the due date makes this a rush case, which cannot be downgraded")]
    RushRequired,
    #[error("nothing was added since the case was completed or rejected")]
    NoChanges,
    #[error("the case is already released")]
    AlreadyReleased,
}

/// The contents of a new case.
#[derive(Clone, Debug)]
pub struct NewCase {
    pub id: Uuid,
    pub case_number: String,
    pub workshop_code: String,
    pub member_id: Uuid,
    pub created_by_id: Uuid,
    pub employee_first_name: String,
    pub employee_last_name: String,
    pub client_email: Option<String>,
    pub num_reports_requested: i32,
    pub urgency: Urgency,
    pub due_on: NaiveDate,
    pub special_notes: Option<String>,
}

/// The terms of an acceptance.
#[derive(Clone, Copy, Debug)]
pub struct Acceptance<'a> {
    pub tier: Tier,
    pub credit_tenths: i32,
    pub assignee: &'a user::Model,
    pub accepted_by: Uuid,
    /// Administrators may override the level rule.
    pub override_level: bool,
}

/// The terms of a hold.
#[derive(Clone, Copy, Debug)]
pub struct Hold<'a> {
    pub reason: &'a str,
    /// The expected length; `None` is open-ended.
    pub duration: Option<TimeDelta>,
}

impl<'a> Hold<'a> {
    pub fn new(reason: &'a str, duration: Option<TimeDelta>) -> Self {
        Self { reason, duration }
    }
}

/// What changes about a hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct HoldChange<'a> {
    /// `None` keeps the reason.
    pub reason: Option<&'a str>,
    /// The expected length from the start of the hold: `None` keeps it, `Some(None)` makes the hold open-ended.
    pub duration: Option<Option<TimeDelta>>,
}

/// When the member is shown that a case is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    Now,
    At(DateTime<Utc>),
}

/// The terms of a completion.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// The technician, manager or administrator who works on the case.
    pub assignee: Option<&'a user::Model>,
    /// The numbers of the requested reports that are missing.
    pub missing_reports: &'a [i32],
    /// Whether to complete the case anyway.
    pub override_incomplete: bool,
    pub release: Release,
}

/// The fields that an edit sets; `None` leaves a field unchanged, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    pub employee_first_name: Option<String>,
    pub employee_last_name: Option<String>,
    pub client_email: Option<Option<String>>,
    pub num_reports_requested: Option<i32>,
    pub due_on: Option<NaiveDate>,
    pub urgency: Option<Urgency>,
    pub special_notes: Option<Option<String>>,
    pub internal_notes: Option<Option<String>>,
    pub report_notes_to_member: Option<Option<String>>,
}

/// A reviewer's decision.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    pub status: ReviewStatus,
    pub notes: Option<&'a str>,
    pub reviewer: Uuid,
    /// Only used if the decision completes the case.
    pub release: Release,
}

impl NewCase {
    /// The draft, with the default credit for its number of reports.
    pub fn draft(self) -> ActiveModel {
        let (first_name, last_name) = (&self.employee_first_name, &self.employee_last_name);
        let search_text = super::search_text(&self.case_number, first_name, last_name, self.client_email.as_deref());
        ActiveModel {
            search_text: Set(search_text),
            id: Set(self.id),
            case_number: Set(self.case_number),
            workshop_code: Set(self.workshop_code),
            member_id: Set(self.member_id),
            created_by_id: Set(self.created_by_id),
            employee_first_name: Set(self.employee_first_name),
            employee_last_name: Set(self.employee_last_name),
            client_email: Set(self.client_email),
            num_reports_requested: Set(self.num_reports_requested),
            urgency: Set(self.urgency),
            status: Set(CaseStatus::Draft),
            due_on: Set(self.due_on),
            credit_tenths: Set(default_credit_tenths(self.num_reports_requested)),
            special_notes: Set(self.special_notes),
            resubmission_count: Set(0),
            secret_moves: Set(0),
            creator_sees_it: Set(true),
            ..Default::default()
        }
    }
}

/// `min(3.0, 1.0 + 0.5 × (reports − 1))`, in tenths.
pub fn default_credit_tenths(reports: i32) -> i32 {
    (10 + 5 * (reports - 1)).clamp(10, 30)
}

impl Model {
    /// `required` is the urgency that the due date requires today. The fee of a rush that was not requested has to be confirmed.
    pub fn submit(self, required: Urgency, confirm_rush: bool, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        let becomes_rush = self.urgency == Urgency::Normal && required == Urgency::Rush;
        let mut row = self.movable_by_member(CaseAction::Submit, now)?;
        if becomes_rush && !confirm_rush {
            return Err(CaseRefusal::RushConfirmationRequired { rush_fee: Urgency::Rush.rush_fee() });
        }
        if becomes_rush {
            row.urgency = Set(Urgency::Rush);
        }
        row.status = Set(CaseStatus::Submitted);
        row.submitted_at = Set(Some(now));
        Ok(row)
    }

    pub fn accept(self, terms: Acceptance<'_>, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        let fits = self.ensure_fit(terms.assignee, Some(terms.tier), terms.override_level);
        let mut row = self.movable(CaseAction::Accept)?;
        fits?;
        row.status = Set(CaseStatus::Accepted);
        row.tier = Set(Some(terms.tier));
        row.credit_tenths = Set(terms.credit_tenths);
        row.assigned_to_id = Set(Some(terms.assignee.id));
        row.accepted_by_id = Set(Some(terms.accepted_by));
        row.accepted_at = Set(Some(now));
        Ok(row)
    }

    pub fn reject(self, reason: RejectionReason, notes: &str, by: Uuid, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        let mut row = self.movable(CaseAction::Reject)?;
        row.status = Set(CaseStatus::NeedsResubmission);
        row.rejection_reason = Set(Some(reason));
        row.rejection_notes = Set(Some(notes.to_owned()));
        row.rejected_at = Set(Some(now));
        row.rejected_by_id = Set(Some(by));
        Ok(row)
    }

    /// `None` unassigns the case.
    pub fn assign(self, assignee: Option<&user::Model>, override_level: bool) -> Result<ActiveModel, CaseRefusal> {
        // The current assignee keeps the case, even if they could no longer be assigned.
        let fits = match assignee.filter(|assignee| self.assigned_to_id != Some(assignee.id)) {
            Some(assignee) => self.ensure_fit(assignee, self.tier, override_level),
            None => Ok(()),
        };
        let mut row = self.movable(CaseAction::Assign)?;
        fits?;
        row.assigned_to_id = Set(assignee.map(|assignee| assignee.id));
        Ok(row)
    }

    /// Taking a case that is already the caller's own changes nothing.
    pub fn take(self, by: &user::Model) -> Result<ActiveModel, CaseRefusal> {
        self.ensure_state(CaseAction::Take, Role::Administrator)?;
        self.ensure_takeable(by.id, by.user_level)?;
        self.ensure_assignable(by)?;
        let mut row = self.into_active_model();
        row.assigned_to_id = Set(Some(by.id));
        Ok(row)
    }

    /// Setting the same tier again is no change: nothing differs, so nothing is saved.
    pub fn change_tier(
        self,
        tier: Tier,
        assignee: Option<&user::Model>,
        override_level: bool,
    ) -> Result<ActiveModel, CaseRefusal> {
        let is_the_same = self.tier == Some(tier);
        let mut row = self.movable(CaseAction::Tier)?;
        let fits = is_the_same || assignee.is_none_or(|assignee| assignee.may_work_on(tier));
        if !fits && !override_level {
            return Err(CaseRefusal::LevelTooLow { tier });
        }
        row.tier = Set(Some(tier));
        Ok(row)
    }

    pub fn hold(self, hold: Hold<'_>, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        let Hold { reason, duration } = hold;
        let mut row = self.movable(CaseAction::Hold)?;
        row.status = Set(CaseStatus::Hold);
        row.hold_reason = Set(Some(reason.to_owned()));
        row.held_at = Set(Some(now));
        row.hold_duration_seconds = Set(duration.map(|duration| duration.num_seconds()));
        row.hold_expected_end_at = Set(duration.and_then(|duration| now.checked_add_signed(duration)));
        Ok(row)
    }

    /// Keeps the instant at which the hold began, from which its expected end is counted.
    pub fn change_hold(self, change: HoldChange<'_>) -> Result<ActiveModel, CaseRefusal> {
        let held_at = self.held_at;
        let mut row = self.movable(CaseAction::ChangeHold)?;
        if let Some(reason) = change.reason {
            row.hold_reason = Set(Some(reason.to_owned()));
        }
        if let Some(duration) = change.duration {
            row.hold_duration_seconds = Set(duration.map(|duration| duration.num_seconds()));
            let end = held_at.zip(duration).and_then(|(held_at, duration)| held_at.checked_add_signed(duration));
            row.hold_expected_end_at = Set(end);
        }
        Ok(row)
    }

    pub fn resume(self) -> Result<ActiveModel, CaseRefusal> {
        let mut row = self.movable(CaseAction::Resume)?;
        row.status = Set(CaseStatus::Accepted);
        row.clear(super::HOLD_BLOCK);
        Ok(row)
    }

    pub fn adjust_credit(self, credit_tenths: i32) -> Result<ActiveModel, CaseRefusal> {
        let mut row = self.movable(CaseAction::Credit)?;
        row.credit_tenths = Set(credit_tenths);
        Ok(row)
    }

    /// The numbers of the requested reports that are not among the existing ones.
    pub fn missing_reports(&self, existing: &[i32]) -> Vec<i32> {
        (1..=self.num_reports_requested).filter(|number| !existing.contains(number)).collect()
    }

    /// The review rule: the work of a level 1 technician is reviewed, regardless of who completes the case.
    pub fn complete(self, completion: Completion<'_>, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        self.ensure_state(CaseAction::Complete, Role::Administrator)?;
        self.ensure_assigned()?;
        let mut row = self.into_active_model();
        let assignee = completion.assignee.ok_or(CaseRefusal::NoAssignee)?;
        if !completion.missing_reports.is_empty() && !completion.override_incomplete {
            return Err(CaseRefusal::MissingReports { missing: completion.missing_reports.to_vec() });
        }
        if assignee.is_reviewed() {
            row.status = Set(CaseStatus::PendingReview);
        } else {
            row.complete(completion.release, now);
        }
        Ok(row)
    }

    pub fn decide(self, decision: Decision<'_>, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        let mut row = self.movable(CaseAction::Review)?;
        match decision.status {
            ReviewStatus::Approved | ReviewStatus::CorrectionsNeeded => row.complete(decision.release, now),
            ReviewStatus::RevisionsRequested => row.status = Set(CaseStatus::Accepted),
        }
        row.reviewed_by_id = Set(Some(decision.reviewer));
        row.reviewed_at = Set(Some(now));
        row.review_status = Set(Some(decision.status));
        row.review_notes = Set(decision.notes.map(str::to_owned));
        Ok(row)
    }

    pub fn release(self, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        self.ensure_state(CaseAction::Release, Role::Administrator)?;
        self.ensure_unreleased(now)?;
        let mut row = self.into_active_model();
        row.scheduled_release_at = Set(None);
        row.released_at = Set(Some(now));
        Ok(row)
    }

    /// Marks as released a case that its member has been able to see as completed since the scheduled time.
    pub fn release_on_schedule(self) -> ActiveModel {
        let at = self.scheduled_release_at;
        let mut row = self.into_active_model();
        row.scheduled_release_at = Set(None);
        row.released_at = Set(at);
        row
    }

    /// `new_documents`: how many documents the member added since the case was completed or rejected. The case stays with its
    /// assignee, or returns to the queue if that user can't be assigned a case any more.
    pub fn resubmit(
        self,
        notes: Option<&str>,
        new_documents: u64,
        assignee: Option<&user::Model>,
        now: DateTime<Utc>,
    ) -> Result<ActiveModel, CaseRefusal> {
        let assignee = self.still_assignable(assignee);
        let (count, status, anything_new) = (self.resubmission_count, self.status, self.ensure_anything_new(new_documents));
        let mut row = self.movable_by_member(CaseAction::Resubmit, now)?;
        anything_new?;
        row.status = Set(CaseStatus::Resubmitted);
        row.assigned_to_id = Set(assignee);
        row.resubmission_count = Set(count.saturating_add(1));
        row.previous_status = Set(Some(status));
        row.resubmitted_at = Set(Some(now));
        row.resubmission_notes = Set(notes.map(str::to_owned));
        row.clear(&[super::RELEASE_BLOCK, super::REVIEW_BLOCK, super::REJECTION_BLOCK].concat());
        Ok(row)
    }

    /// The case returns to its previous assignee, or to the queue if that user can't be assigned a case any more.
    pub fn reopen(self, assignee: Option<&user::Model>) -> Result<ActiveModel, CaseRefusal> {
        let assignee = self.still_assignable(assignee);
        let mut row = self.movable(CaseAction::Reopen)?;
        row.status = Set(CaseStatus::Accepted);
        row.assigned_to_id = Set(assignee);
        row.clear(super::RELEASE_BLOCK);
        Ok(row)
    }

    /// The assignee, if the case can still be assigned to them.
    fn still_assignable(&self, assignee: Option<&user::Model>) -> Option<Uuid> {
        assignee.filter(|assignee| self.ensure_assignable(assignee).is_ok()).map(|assignee| assignee.id)
    }

    /// Sets the given fields if the caller may edit the case in the status that is visible to them. `required` returns the
    /// urgency that a due date requires: after submission it can't be downgraded; before it, the submission decides.
    pub fn edit(
        self,
        edit: Edit,
        required: impl Fn(NaiveDate) -> Urgency,
        by: &Caller,
        now: DateTime<Utc>,
    ) -> Result<ActiveModel, CaseRefusal> {
        CaseAction::Edit.ensure_from(self.status_for(by, now), by.role())?;
        let is_draft = self.status == CaseStatus::Draft;
        let is_required = |due_on| !is_draft && required(due_on) == Urgency::Rush;
        let moved_to = edit.due_on.filter(|due_on| *due_on != self.due_on);
        // Keeping the urgency `normal` and the same due date is no downgrade, however near that date is.
        let is_downgrade = edit.urgency == Some(Urgency::Normal) && (self.urgency == Urgency::Rush || moved_to.is_some());
        if is_downgrade && is_required(moved_to.unwrap_or(self.due_on)) {
            return Err(CaseRefusal::RushRequired);
        }
        let becomes_rush = moved_to.is_some_and(is_required);
        let urgency = if becomes_rush { Some(Urgency::Rush) } else { edit.urgency };
        let first_name = edit.employee_first_name.unwrap_or_else(|| self.employee_first_name.clone());
        let last_name = edit.employee_last_name.unwrap_or_else(|| self.employee_last_name.clone());
        let client_email = edit.client_email.unwrap_or_else(|| self.client_email.clone());
        let search_text = super::search_text(&self.case_number, &first_name, &last_name, client_email.as_deref());
        let before = self.clone();
        let mut row = self.into_active_model();
        row.employee_first_name = Set(first_name);
        row.employee_last_name = Set(last_name);
        row.client_email = Set(client_email);
        row.num_reports_requested = Set(edit.num_reports_requested.unwrap_or(before.num_reports_requested));
        row.due_on = Set(edit.due_on.unwrap_or(before.due_on));
        row.urgency = Set(urgency.unwrap_or(before.urgency));
        row.special_notes = Set(edit.special_notes.unwrap_or(before.special_notes));
        row.internal_notes = Set(edit.internal_notes.unwrap_or(before.internal_notes));
        row.report_notes_to_member = Set(edit.report_notes_to_member.unwrap_or(before.report_notes_to_member));
        row.search_text = Set(search_text);
        Ok(row)
    }

    /// Hands the case over to another member: it is theirs in every respect, and no longer the former member's, not even if they
    /// created it. Handing it to its own member changes nothing.
    pub fn change_member(self, member: Uuid) -> Result<ActiveModel, CaseRefusal> {
        let (is_another, is_by_its_creator) = (self.member_id != member, self.created_by_id == self.member_id);
        // A former technician, who worked on the case and is a member now.
        if self.assigned_to_id == Some(member) {
            return Err(CaseRefusal::OwnMember);
        }
        let mut row = self.movable(CaseAction::ChangeMember)?;
        row.member_id = Set(member);
        if is_another && is_by_its_creator {
            row.creator_sees_it = Set(false);
        }
        Ok(row)
    }

    pub fn delete(self, caller: &Caller, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        CaseAction::Delete.ensure_from(self.status_for(caller, now), caller.role())?;
        let mut row = self.into_active_model();
        row.deleted_at = Set(Some(now));
        Ok(row)
    }

    /// The same check for operations that change no column of the case.
    pub fn ensure_state(&self, action: CaseAction, role: Role) -> Result<(), CaseRefusal> {
        action.ensure_from(self.status, role)
    }

    /// For transitions by the case's own member, which must not reveal a completion that isn't visible to them yet.
    fn movable_by_member(self, action: CaseAction, now: DateTime<Utc>) -> Result<ActiveModel, CaseRefusal> {
        action.ensure_from(self.status_for_member(now), Role::Member)?;
        Ok(self.into_active_model())
    }

    /// For transitions whose statuses don't depend on the caller's role.
    fn movable(self, action: CaseAction) -> Result<ActiveModel, CaseRefusal> {
        self.ensure_state(action, Role::Administrator)?;
        Ok(self.into_active_model())
    }
}

impl ActiveModel {
    fn complete(&mut self, release: Release, now: DateTime<Utc>) {
        self.status = Set(CaseStatus::Completed);
        self.completed_at = Set(Some(now));
        match release {
            Release::Now => self.released_at = Set(Some(now)),
            Release::At(at) => self.scheduled_release_at = Set(Some(at)),
        }
    }

    fn clear(&mut self, columns: &[Column]) {
        for column in columns {
            let empty = self.get(*column).into_value().map(|value| value.as_null());
            if let Some(empty) = empty {
                self.set(*column, empty);
            }
        }
    }
}

/// The codes of statuses, as an error lists them.
pub fn codes(statuses: &[CaseStatus]) -> String {
    statuses.iter().map(|status| format!("`{}`", status.code())).collect::<Vec<_>>().join(", ")
}

fn list(numbers: &[i32]) -> String {
    numbers.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_grows_by_a_half_with_each_report_up_to_three() {
        let credits: Vec<i32> = [1, 2, 3, 4, 5, 10].map(default_credit_tenths).into();
        assert_eq!(credits, [10, 15, 20, 25, 30, 30]);
    }
}
