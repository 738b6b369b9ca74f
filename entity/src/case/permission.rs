//! Defines who may do what to a visible case, and from which status: the one table behind 403, 409, `allowed_actions`, and who is
//! notified that a case is waiting for review.

use super::{CaseRefusal, CaseStatus, Model};
use crate::user::{Caller, Role};
use chrono::{DateTime, Utc};
use sea_orm::{EnumIter, Iterable};
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
    Resume,
    Edit,
    Credit,
    Complete,
    Review,
    Release,
    Resubmit,
    Reopen,
    AcknowledgeUpdates,
    Delete,
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
            Self::Resume => "resume",
            Self::Edit => "edit",
            Self::Credit => "adjust the credit of",
            Self::Complete => "complete",
            Self::Review => "review",
            Self::Release => "release",
            Self::Resubmit => "resubmit",
            Self::Reopen => "reopen",
            Self::AcknowledgeUpdates => "acknowledge the updates of",
            Self::Delete => "delete",
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
            Self::Resume => &[S::Hold],
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
    pub fn permits(self, caller: &Caller, case: &Model) -> bool {
        let (id, role) = (caller.id(), caller.role());
        let owns = role == Role::Member && case.member_id == id;
        let manages = caller.manages_cases();
        let works_on_it = role == Role::Technician && case.assigned_to_id == Some(id);
        match self {
            Self::Submit | Self::Resubmit => owns,
            Self::Accept | Self::Reject => role.is_staff(),
            Self::Take => matches!(role, Role::Technician | Role::Administrator),
            Self::Assign
            | Self::Tier
            | Self::Hold
            | Self::Resume
            | Self::Credit
            | Self::Complete
            | Self::Release
            | Self::Reopen
            | Self::AcknowledgeUpdates => works_on_it || manages,
            Self::Edit => {
                let unassigned = role == Role::Technician && case.assigned_to_id.is_none();
                owns || works_on_it || unassigned || manages
            }
            Self::Review => caller.is_reviewer() && case.assigned_to_id != Some(id),
            // Members can't delete a case that they have submitted, but it is the status that is refused (409).
            Self::Delete => owns || caller.administers(),
        }
    }

    /// The actions that this caller can perform on this case now: a front end can derive its buttons from them.
    pub fn open_to(caller: &Caller, case: &Model, now: DateTime<Utc>) -> Vec<Self> {
        Self::iter().filter(|action| action.is_open_to(caller, case, now)).collect()
    }

    fn is_open_to(self, caller: &Caller, case: &Model, now: DateTime<Utc>) -> bool {
        self.permits(caller, case)
            && self.ensure_from(case.status_for(caller, now), caller.role()).is_ok()
            && self.ensure_ready(caller, case, now).is_ok()
    }

    /// What the action needs besides a status: the checks that its move makes too.
    fn ensure_ready(self, caller: &Caller, case: &Model, now: DateTime<Utc>) -> Result<(), CaseRefusal> {
        match self {
            Self::Take => case.ensure_unassigned().and_then(|()| match case.tier {
                Some(tier) if !caller.may_work_on(tier) => Err(CaseRefusal::LevelTooLow { tier }),
                Some(_) | None => Ok(()),
            }),
            Self::Release => case.ensure_unreleased(now),
            Self::Complete => case.ensure_assigned(),
            Self::Submit
            | Self::Accept
            | Self::Reject
            | Self::Assign
            | Self::Tier
            | Self::Hold
            | Self::Resume
            | Self::Edit
            | Self::Credit
            | Self::Review
            | Self::Resubmit
            | Self::Reopen
            | Self::AcknowledgeUpdates
            | Self::Delete => Ok(()),
        }
    }
}

impl Model {
    pub(super) fn ensure_unassigned(&self) -> Result<(), CaseRefusal> {
        if self.assigned_to_id.is_none() { Ok(()) } else { Err(CaseRefusal::AlreadyAssigned) }
    }

    pub(super) fn ensure_assigned(&self) -> Result<(), CaseRefusal> {
        if self.assigned_to_id.is_some() { Ok(()) } else { Err(CaseRefusal::NoAssignee) }
    }

    pub(super) fn ensure_unreleased(&self, now: DateTime<Utc>) -> Result<(), CaseRefusal> {
        if self.is_released(now) { Err(CaseRefusal::AlreadyReleased) } else { Ok(()) }
    }
}
