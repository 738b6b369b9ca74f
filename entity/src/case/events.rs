//! The entries about a case, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{CaseStatus, Column as C, Entity, Model, Tier};
use super::{DETAILS, HOLD_BLOCK, HOLD_TERMS, REJECTION_BLOCK, RELEASE_BLOCK, REMARKS, REVIEW_BLOCK};
use crate::audit::metadata::{Metadata, metadata};
use crate::audit::{Audited, ChangeContext, Event, key};
use crate::review::ReviewAction;
use crate::user::Role;
use sea_orm::prelude::Uuid;
use sea_orm::{EnumIter, Iterable, ModelTrait};

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    let Some(before) = before else { return vec![Event::case_created(after)] };
    if before.deleted_at != after.deleted_at {
        return vec![Event::case_deleted(before, after, change)];
    }
    // A reason for overriding the level rule is one only if the rule was overridden.
    let is_unneeded = change.has_noted(key::OVERRIDE_REASON) && !overrides_level(after, change);
    let unneeded = is_unneeded.then(|| change.without(key::OVERRIDE_REASON));
    let change = unneeded.as_ref().unwrap_or(change);
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
        events.push(Event::case_tier_changed(before, after, change));
    }
    let differ = |columns: &[C]| columns.iter().any(|column| before.get(*column) != after.get(*column));
    if differ(DETAILS) {
        events.push(Event::case_details_edited(before, after, change));
    }
    // An acceptance covers the credit itself, a completion the release, a submission the urgency, and a hold its terms.
    let made = Update::iter().filter(|update| !is_moved && differ(update.columns()));
    events.extend(made.map(|update| Event::case_updated(before, after, update, change)));
    events
}

/// Whether the assignee may work on the case only because the level rule was overridden.
fn overrides_level(after: &Model, change: &ChangeContext) -> bool {
    let assignee = change.person(after.assigned_to_id);
    assignee.zip(after.tier).is_some_and(|(assignee, tier)| !assignee.may_work_on(tier))
}

/// A change that has no action type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
enum Update {
    CreditAdjusted,
    CaseReleased,
    HoldChanged,
    MemberChanged,
    Edited,
}

impl Update {
    const fn code(self) -> &'static str {
        match self {
            Self::CreditAdjusted => "credit_adjusted",
            Self::CaseReleased => "case_released",
            Self::HoldChanged => "hold_changed",
            Self::MemberChanged => "member_changed",
            Self::Edited => "edited",
        }
    }

    /// The columns that it covers.
    const fn columns(self) -> &'static [C] {
        match self {
            Self::CreditAdjusted => &[C::CreditTenths],
            Self::CaseReleased => RELEASE_BLOCK,
            Self::HoldChanged => HOLD_TERMS,
            Self::MemberChanged => &[C::MemberId],
            Self::Edited => REMARKS,
        }
    }

    fn description(self, after: &Model, change: &ChangeContext) -> String {
        match self {
            Self::CreditAdjusted => format!("Credit of case {} adjusted to {}", after.case_number, after.credit_value()),
            Self::CaseReleased => format!("Case {} released to its member", after.case_number),
            Self::HoldChanged => format!("Hold of case {} changed", after.case_number),
            Self::MemberChanged => {
                let to = change.username(Some(after.member_id)).unwrap_or("another member");
                format!("Case {} handed over to {to}", after.case_number)
            }
            Self::Edited => format!("Case {} updated", after.case_number),
        }
    }
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

/// The description of a status change.
pub fn moved(case_number: &str, from: CaseStatus, to: CaseStatus) -> String {
    format!("Case {case_number} moved from {} to {}", from.code(), to.code())
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

/// Entries about a case.
impl Event {
    pub fn case_created(after: &Model) -> Self {
        let metadata = metadata![CaseCreated;
            CASE_NUMBER = &after.case_number,
            WORKSHOP_CODE = &after.workshop_code,
        ];
        Self::on_case(metadata, after, format!("Case {} created", after.case_number)).naming::<Entity>(None, after, &every_fact())
    }

    pub fn case_submitted(before: &Model, after: &Model) -> Self {
        let metadata = metadata![CaseSubmitted;
            URGENCY = after.urgency.code(),
            RUSH_FEE = after.urgency.rush_fee(),
        ];
        Self::on_case(metadata, after, format!("Case {} submitted", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &[C::Status, C::SubmittedAt, C::Urgency],
        )
    }

    pub fn case_held(before: &Model, after: &Model, reason: Option<&str>) -> Self {
        let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let metadata = metadata![CaseHeld;
            REASON = reason,
            HELD_AT = after.held_at,
            EXPECTED_DURATION_DAYS = after.hold_duration_days(),
            EXPECTED_END_AT = after.hold_expected_end_at,
            PREVIOUS_STATUS = Some(before.status.code()),
        ];
        Self::on_case(metadata, after, format!("Case {} placed on hold{why}", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &[&[C::Status], HOLD_BLOCK].concat(),
        )
    }

    /// The clock that stopped at `held_at` resumes at `after.updated_at`, which the hooks set to the instant of the change.
    pub fn case_resumed(before: &Model, after: &Model, reason: Option<&str>) -> Self {
        let resumed_at = after.updated_at;
        let metadata = metadata![CaseResumed;
            REASON = reason,
            HOLD_REASON = before.hold_reason.as_deref(),
            HELD_AT = before.held_at,
            RESUMED_AT = resumed_at,
            HOLD_DURATION_SECONDS = before.held_at.map(|held_at| (resumed_at - held_at).num_seconds()),
            EXPECTED_DURATION_DAYS = before.hold_duration_days(),
            OVERDUE = before.hold_expected_end_at.is_some_and(|end| resumed_at > end),
        ];
        Self::on_case(metadata, after, format!("Case {} resumed", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &[&[C::Status], HOLD_BLOCK].concat(),
        )
    }

    pub fn case_status_changed(before: &Model, after: &Model, event: &'static str, change: &ChangeContext) -> Self {
        let description = moved(&after.case_number, before.status, after.status);
        // A first tier and the credit are part of an acceptance; a later change of tier has its own entry.
        let tier: &[C] = if before.tier.is_none() { &[C::Tier] } else { &[] };
        let acceptance = [C::Status, C::CreditTenths, C::AcceptedAt, C::AcceptedById];
        let columns = [&acceptance, tier, REJECTION_BLOCK, RELEASE_BLOCK].concat();
        let metadata = metadata![CaseStatusChanged; EVENT = event, REASON = change.reason()];
        Self::on_case(metadata, after, description).naming::<Entity>(Some(before), after, &columns).with_notes(change)
    }

    pub fn case_resubmitted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let own = [C::Status, C::ResubmissionCount, C::PreviousStatus, C::ResubmittedAt, C::ResubmissionNotes];
        let columns = [&own[..], RELEASE_BLOCK, REVIEW_BLOCK, REJECTION_BLOCK].concat();
        let metadata = metadata![CaseResubmitted;
            RESUBMISSION_COUNT = after.resubmission_count,
            PREVIOUS_STATUS = Some(before.status.code()),
            SUBMITTED_AT = after.resubmitted_at,
            NEW_DOCUMENTS = change.noted_or(key::NEW_DOCUMENTS, 0),
            EDITED_FIELDS = change.noted_or(key::EDITED_FIELDS, Vec::<String>::new()),
        ];
        Self::on_case(metadata, after, format!("Case {} resubmitted", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &columns,
        )
    }

    pub fn case_assigned(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let to = change.username(after.assigned_to_id);
        let related = after.assigned_to_id.or(before.assigned_to_id);
        let metadata = metadata![if before.assigned_to_id.is_none() => CaseAssigned, else CaseReassigned;
            FROM_USERNAME = change.username(before.assigned_to_id),
            TO_USERNAME = to,
            REASON = change.reason(),
            LEVEL_OVERRIDE = overrides_level(after, change),
            OVERRIDE_REASON = change.noted(key::OVERRIDE_REASON),
        ];
        Self::on_case(metadata, after, format!("Case {} assigned to {}", after.case_number, to.unwrap_or("no one")))
            .naming::<Entity>(Some(before), after, &[C::AssignedToId])
            .about(change.person(related))
    }

    pub fn case_tier_changed(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let to = after.tier.map_or("no tier", Tier::code);
        let metadata = metadata![CaseTierChanged;
            PREVIOUS_TIER = before.tier.map(Tier::code),
            NEW_TIER = after.tier.map(Tier::code),
            PREVIOUS_COMPLEXITY = before.tier.map(|tier| tier.complexity().code()),
            NEW_COMPLEXITY = after.tier.map(|tier| tier.complexity().code()),
            DIRECTION = if after.tier > before.tier { "up" } else { "down" },
            REASON = change.reason(),
            LEVEL_OVERRIDE = overrides_level(after, change),
            OVERRIDE_REASON = change.noted(key::OVERRIDE_REASON),
        ];
        Self::on_case(metadata, after, format!("Tier of case {} changed to {to}", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &[C::Tier],
        )
    }

    pub fn case_details_edited(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![CaseDetailsEdited;
            REASON = change.reason(),
            EDITED_BY_ROLE = change.by.role().map(Role::code),
            POST_SUBMISSION = before.status != CaseStatus::Draft,
        ];
        Self::on_case(metadata, after, format!("Details of case {} edited", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            DETAILS,
        )
    }

    fn case_updated(before: &Model, after: &Model, update: Update, change: &ChangeContext) -> Self {
        let metadata = match update {
            Update::MemberChanged => metadata![CaseUpdated;
                EVENT = update.code(),
                REASON = change.reason(),
                FROM_USERNAME = change.username(Some(before.member_id)),
                TO_USERNAME = change.username(Some(after.member_id)),
            ],
            Update::CreditAdjusted | Update::CaseReleased | Update::HoldChanged | Update::Edited => {
                metadata![CaseUpdated; EVENT = update.code(), REASON = change.reason()]
            }
        };
        let new_member = (update == Update::MemberChanged).then_some(after.member_id);
        Self::on_case(metadata, after, update.description(after, change))
            .naming::<Entity>(Some(before), after, update.columns())
            .about(change.person(new_member))
            .with_notes(change)
    }

    /// A member of the staff read a case: the case itself, or what is in it.
    pub fn case_viewed(id: Uuid, case_number: &str) -> Self {
        let metadata = metadata![Other; EVENT = "case_viewed"];
        let event = Self::new(metadata, (Entity::OBJECT, id.to_string()), format!("Case {case_number} viewed"));
        Self { case: Some((id, case_number.to_owned())), ..event }
    }

    pub fn case_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![Other;
            EVENT = "case_deleted",
            REASON = change.reason(),
            STATUS = before.status.code(),
        ];
        Self::on_case(metadata, after, format!("Case {} deleted", after.case_number)).naming::<Entity>(
            Some(before),
            after,
            &[C::DeletedAt],
        )
    }

    pub fn review_submitted(after: &Model, change: &ChangeContext) -> Self {
        let technician = change.person(after.assigned_to_id);
        let metadata = metadata![ReviewSubmitted;
            REVIEW_ACTION = Some(ReviewAction::beginning(change.noted_count(key::REVIEW_CYCLE)).code()),
            ORIGINAL_TECHNICIAN = technician.map(|person| &person.username),
        ];
        Self::on_case(metadata, after, format!("Case {} submitted for review", after.case_number)).about(technician)
    }

    pub fn review_updated(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let action = after.review_status.map(|status| status.review_action().code());
        let technician = change.person(before.assigned_to_id);
        let decision = action.unwrap_or("decided").replace('_', " ");
        let metadata = metadata![ReviewUpdated;
            REVIEW_ACTION = action,
            REVIEW_CYCLE = change.noted(key::REVIEW_CYCLE),
            ORIGINAL_TECHNICIAN = technician.map(|person| &person.username),
        ];
        Self::on_case(metadata, after, format!("Review of case {}: {decision}", after.case_number))
            .naming::<Entity>(Some(before), after, REVIEW_BLOCK)
            .about(technician)
    }

    pub(crate) fn on_case(metadata: Metadata, case: &Model, description: String) -> Self {
        Self::new(metadata, (Entity::OBJECT, case.id.to_string()), description).within(case)
    }

    /// The case that the event belongs to, if the case isn't the object itself.
    pub fn within(self, case: &Model) -> Self {
        Self { case: Some((case.id, case.case_number.clone())), ..self }
    }
}

/// Every column of a new case that an entry records.
fn every_fact() -> Vec<C> {
    C::iter().filter(|column| !Entity::is_bookkeeping(*column)).collect()
}
