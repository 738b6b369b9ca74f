//! Defines who may do what to a visible case, and from which status: the one table behind 403, 409, `allowed_actions`,
//! `blocked_actions`, and who is notified that a case is waiting for review.

use super::{CaseRefusal, CaseStatus, Model, Tier};
use crate::user::{self, Caller, Level, Role};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, EnumIter, Iterable, QueryFilter, Select};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An action on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseAction {
    Submit,
    Accept,
    Reject,
    Assign,
    Take,
    Tier,
    Hold,
    /// Changing the reason or the expected length of a hold.
    ChangeHold,
    Resume,
    Edit,
    Credit,
    Complete,
    Review,
    Release,
    Resubmit,
    Reopen,
    AcknowledgeUpdates,
    /// Handing the case over to another member.
    ChangeMember,
    Delete,
    /// Adding a document. Reports have rules of their own in addition.
    Upload,
    /// Writing a note.
    Comment,
}

/// What decides about an action besides its caller and the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    pub now: DateTime<Utc>,
    /// The documents that the member has added since the case was completed or rejected; only a resubmission depends on it.
    pub new_documents: u64,
}

impl Circumstances {
    /// Those of an action that depends on no documents.
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self { now, new_documents: 0 }
    }
}

/// Why a caller can't perform an action on a case now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionRefusal {
    /// Whatever the state of the case.
    #[error("you do not have permission to perform this action")]
    NotPermitted,
    /// It is the caller's own case, and their role would let them handle it otherwise.
    #[error("you cannot handle a case of your own")]
    OwnCase,
    #[error(transparent)]
    Rule(#[from] CaseRefusal),
}

use CaseStatus as S;

const ALL: &[CaseStatus] =
    &[S::Draft, S::Submitted, S::Accepted, S::Hold, S::PendingReview, S::NeedsResubmission, S::Resubmitted, S::Completed];
const ALL_BUT_DRAFT: &[CaseStatus] =
    &[S::Submitted, S::Accepted, S::Hold, S::PendingReview, S::NeedsResubmission, S::Resubmitted, S::Completed];
const MEMBER_MAY_EDIT: &[CaseStatus] =
    &[S::Draft, S::Submitted, S::Accepted, S::PendingReview, S::NeedsResubmission, S::Resubmitted];
const STAFF_MAY_EDIT: &[CaseStatus] =
    &[S::Draft, S::Submitted, S::Accepted, S::Hold, S::PendingReview, S::NeedsResubmission, S::Resubmitted];

impl CaseAction {
    /// What is done to a case, as an error says it before "a case".
    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Assign => "assign",
            Self::Take => "take",
            Self::Tier => "change the tier of",
            Self::Hold => "hold",
            Self::ChangeHold => "change the hold of",
            Self::Resume => "resume",
            Self::Edit => "edit",
            Self::Credit => "adjust the credit of",
            Self::Complete => "complete",
            Self::Review => "review",
            Self::Release => "release",
            Self::Resubmit => "resubmit",
            Self::Reopen => "reopen",
            Self::AcknowledgeUpdates => "acknowledge the updates of",
            Self::ChangeMember => "change the member of",
            Self::Delete => "delete",
            Self::Upload => "add a document to",
            Self::Comment => "comment on",
        }
    }

    /// The statuses from which a caller with this role may perform the action.
    pub const fn allowed_from(self, role: Role) -> &'static [CaseStatus] {
        match self {
            Self::Submit => &[S::Draft],
            Self::Accept | Self::Reject => &[S::Submitted, S::Resubmitted],
            Self::Assign => &[S::Accepted, S::Hold, S::PendingReview, S::NeedsResubmission, S::Resubmitted],
            Self::Take => &[S::Accepted, S::Hold, S::PendingReview, S::Resubmitted],
            Self::Tier => &[S::Accepted, S::Hold, S::PendingReview],
            Self::Hold | Self::Complete => &[S::Accepted],
            Self::ChangeHold | Self::Resume => &[S::Hold],
            Self::Edit => match role {
                Role::Member => MEMBER_MAY_EDIT,
                Role::Technician | Role::Manager | Role::Administrator | Role::Service => STAFF_MAY_EDIT,
            },
            Self::Credit | Self::AcknowledgeUpdates => ALL_BUT_DRAFT,
            Self::Review => &[S::PendingReview],
            Self::Release | Self::Reopen => &[S::Completed],
            Self::Resubmit => &[S::NeedsResubmission, S::Completed],
            Self::Delete => match role {
                Role::Member => &[S::Draft],
                Role::Technician | Role::Manager | Role::Administrator | Role::Service => ALL,
            },
            Self::ChangeMember | Self::Upload | Self::Comment => ALL,
        }
    }

    /// Refuses the action (409) from a status that doesn't allow it; `current` is the status as a caller with this role sees it.
    pub(super) fn ensure_from(self, current: CaseStatus, role: Role) -> Result<(), CaseRefusal> {
        let allowed_from = self.allowed_from(role);
        match allowed_from.contains(&current) {
            true => Ok(()),
            false => Err(CaseRefusal::InvalidCaseState { action: self, current, allowed_from }),
        }
    }

    /// Whether this caller may perform the action on this case, regardless of its status; 403 otherwise.
    ///
    /// The user whose case it is may do what members may. What the staff does is closed to them, whatever role they have by now.
    pub fn permits(self, caller: &Caller, case: &Model) -> bool {
        let (id, role) = (caller.id(), caller.role());
        let owns = role == Role::Member && case.member_id == id;
        let handles = role.is_staff() && case.member_id != id;
        let manages = case.is_managed_by(caller);
        let works_on_it = handles && role == Role::Technician && case.assigned_to_id == Some(id);
        match self {
            Self::Submit | Self::Resubmit => owns,
            Self::Accept | Self::Reject => handles,
            Self::Take => handles && matches!(role, Role::Technician | Role::Administrator),
            Self::Assign
            | Self::Tier
            | Self::Hold
            | Self::ChangeHold
            | Self::Resume
            | Self::Credit
            | Self::Complete
            | Self::Release
            | Self::Reopen
            | Self::AcknowledgeUpdates => works_on_it || manages,
            Self::Edit => {
                let unassigned = handles && role == Role::Technician && case.assigned_to_id.is_none();
                owns || works_on_it || unassigned || manages
            }
            Self::Review => handles && caller.is_reviewer() && case.assigned_to_id != Some(id),
            Self::ChangeMember => handles && caller.administers(),
            // Members can't delete a case that they have submitted, but it is the status that is refused (409).
            Self::Delete => owns || (handles && caller.administers()),
            Self::Upload => owns || works_on_it || manages,
            // Everyone who sees the case; service accounts see none.
            Self::Comment => role != Role::Service,
        }
    }

    /// Refuses the action to a caller who can't perform it on this case now, whatever the request: the one rule behind the 403
    /// and 409 of the operations and behind the lists of actions that a front end derives its buttons from. What a request adds,
    /// such as an assignee, is checked by the move itself.
    pub fn ensure_open(self, caller: &Caller, case: &Model, when: &Circumstances) -> Result<(), ActionRefusal> {
        if !self.permits(caller, case) {
            return Err(self.refusal(caller, case));
        }
        self.ensure_from(case.status_for(caller, when.now), caller.role())?;
        Ok(self.ensure_ready(caller, case, when)?)
    }

    /// Why a caller may not perform the action, whatever the state of the case.
    fn refusal(self, caller: &Caller, case: &Model) -> ActionRefusal {
        let is_for_members = matches!(self, Self::Submit | Self::Resubmit);
        let is_own_case = caller.role().is_staff() && case.member_id == caller.id();
        if is_own_case && !is_for_members { ActionRefusal::OwnCase } else { ActionRefusal::NotPermitted }
    }

    /// Whether each action is open to this caller on this case now, except for those that would change nothing.
    pub fn verdicts(
        caller: &Caller,
        case: &Model,
        when: &Circumstances,
    ) -> impl Iterator<Item = (Self, Result<(), ActionRefusal>)> {
        let is_own = case.assigned_to_id == Some(caller.id());
        Self::iter()
            .map(move |action| (action, action.ensure_open(caller, case, when)))
            .filter(move |(action, verdict)| !(is_own && *action == Self::Take && verdict.is_ok()))
    }

    /// What the action needs besides a status: the checks that its move makes too.
    fn ensure_ready(self, caller: &Caller, case: &Model, when: &Circumstances) -> Result<(), CaseRefusal> {
        match self {
            Self::Take => case.ensure_takeable(caller.id(), caller.user_level),
            Self::Release => case.ensure_unreleased(when.now),
            Self::Complete => case.ensure_assigned(),
            Self::Resubmit => case.ensure_anything_new(when.new_documents),
            Self::Submit
            | Self::Accept
            | Self::Reject
            | Self::Assign
            | Self::Tier
            | Self::Hold
            | Self::ChangeHold
            | Self::Resume
            | Self::Edit
            | Self::Credit
            | Self::Review
            | Self::Reopen
            | Self::AcknowledgeUpdates
            | Self::ChangeMember
            | Self::Delete
            | Self::Upload
            | Self::Comment => Ok(()),
        }
    }
}

impl Model {
    /// Whether this caller manages the case: managers and administrators do, unless it is their own.
    pub fn is_managed_by(&self, caller: &Caller) -> bool {
        caller.manages_cases() && self.member_id != caller.id()
    }

    /// The users to whom the case can be given with this tier: the condition behind `ensure_fit`.
    pub fn assignable(&self, tier: Option<Tier>) -> Select<user::Entity> {
        user::assignable(tier).filter(user::Column::Id.ne(self.member_id))
    }

    /// Whether `ensure_assignable` allows it.
    pub fn is_assignable_to(&self, user: &user::Model) -> bool {
        self.ensure_assignable(user).is_ok()
    }

    /// A case can be given to active staff, but not to the user whose case it is.
    pub(super) fn ensure_assignable(&self, assignee: &user::Model) -> Result<(), CaseRefusal> {
        match () {
            () if !assignee.is_assignable() => Err(CaseRefusal::NotAssignable),
            () if assignee.id == self.member_id => Err(CaseRefusal::OwnMember),
            () => Ok(()),
        }
    }

    /// Whether it can be given to a user with this tier.
    pub(super) fn ensure_fit(&self, assignee: &user::Model, tier: Option<Tier>, override_level: bool) -> Result<(), CaseRefusal> {
        self.ensure_assignable(assignee)?;
        match tier {
            Some(tier) if !override_level && !assignee.may_work_on(tier) => Err(CaseRefusal::LevelTooLow { tier }),
            Some(_) | None => Ok(()),
        }
    }

    /// Taking a case that is one's own already changes nothing.
    pub(super) fn ensure_takeable(&self, by: Uuid, level: Option<Level>) -> Result<(), CaseRefusal> {
        match (self.assigned_to_id, self.tier) {
            (Some(assignee), _) if assignee == by => Ok(()),
            (Some(_), _) => Err(CaseRefusal::AlreadyAssigned),
            (None, Some(tier)) if !user::suffices(level, tier) => Err(CaseRefusal::LevelTooLow { tier }),
            (None, _) => Ok(()),
        }
    }

    pub(super) fn ensure_assigned(&self) -> Result<(), CaseRefusal> {
        if self.assigned_to_id.is_some() { Ok(()) } else { Err(CaseRefusal::NoAssignee) }
    }

    pub(super) fn ensure_unreleased(&self, now: DateTime<Utc>) -> Result<(), CaseRefusal> {
        if self.is_released(now) { Err(CaseRefusal::AlreadyReleased) } else { Ok(()) }
    }

    /// Whether this caller may resubmit the case if there is something new.
    pub fn awaits_resubmission_by(&self, caller: &Caller, now: DateTime<Utc>) -> bool {
        let action = CaseAction::Resubmit;
        action.permits(caller, self) && action.ensure_from(self.status_for(caller, now), caller.role()).is_ok()
    }
}
