//! The representation of a case in responses.

use crate::http::answer::blocked::divided;
use crate::http::{Answer, Anyone, PersonSummary};
use crate::state::App;
use crate::wire::fields::ReportNumber;
use crate::wire::fields::shown::{
    ShownCaseNotes, ShownClientEmail, ShownEmployeeName, ShownNotes, ShownReason, ShownRemark, ShownWorkshopCode,
};
use crate::wire::{CreditValue, Instant, Interruption, Result};
use chrono::{DateTime, NaiveDate, Utc};
use entity::audit::AuditTx;
use entity::case::{
    self, CaseAction, CaseStatus, Circumstances, Complexity, RejectionReason, ReviewStatus, Shown, Tier, Urgency,
};
use entity::document;
use entity::user::Role;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The current hold of a case
#[derive(Serialize, ToSchema)]
pub struct HoldBlock {
    #[schema(value_type = Option<ShownReason>)]
    pub reason: Option<String>,
    pub held_at: Option<Instant>,
    /// Expected duration in days; null if open-ended
    #[schema(minimum = 0, maximum = 999.999)]
    pub duration_days: Option<f64>,
    pub expected_end_at: Option<Instant>,
}

impl HoldBlock {
    /// If the case is on hold.
    pub fn from_row(row: &case::Model) -> Option<Self> {
        row.held_at.map(|held_at| Self {
            reason: row.hold_reason.clone(),
            held_at: Some(Instant(held_at)),
            duration_days: row.hold_duration_days(),
            expected_end_at: row.hold_expected_end_at.map(Instant),
        })
    }
}

/// The outcome of the last review
#[derive(Serialize, ToSchema)]
pub struct ReviewBlock {
    pub status: Option<ReviewStatus>,
    pub reviewed_by: Option<PersonSummary>,
    pub reviewed_at: Option<Instant>,
    #[schema(value_type = Option<ShownRemark>)]
    pub notes: Option<String>,
}

/// Why a case was rejected and returned to its member
#[derive(Serialize, ToSchema)]
pub struct RejectionBlock {
    pub reason: Option<RejectionReason>,
    #[schema(value_type = Option<ShownRemark>)]
    pub notes: Option<String>,
    pub rejected_at: Option<Instant>,
    pub rejected_by: Option<PersonSummary>,
}

/// When the result is released to the member
#[derive(Serialize, ToSchema)]
pub struct ReleaseBlock {
    pub scheduled_release_at: Option<Instant>,
    pub released_at: Option<Instant>,
}

impl ReleaseBlock {
    /// If a release is scheduled or has happened.
    pub fn from_row(row: &case::Model) -> Option<Self> {
        let (scheduled_release_at, released_at) = (row.scheduled_release_at.map(Instant), row.released_at.map(Instant));
        let is_scheduled = scheduled_release_at.is_some() || released_at.is_some();
        is_scheduled.then_some(Self { scheduled_release_at, released_at })
    }
}

/// The last resubmission
#[derive(Serialize, ToSchema)]
pub struct ResubmissionBlock {
    #[schema(minimum = 1)]
    pub count: i32,
    pub previous_status: Option<CaseStatus>,
    pub resubmitted_at: Option<Instant>,
    #[schema(value_type = Option<ShownNotes>)]
    pub notes: Option<String>,
}

crate::blocked_action! {
    /// An action that the caller cannot perform on a case now, and why
    #[schema(example = json!({
        "action": "hold", "code": "invalid_case_state",
        "detail": "Cannot hold a case in status `completed`. Allowed from: `accepted`."
    }))]
    BlockedAction = CaseAction,
    /// The code that the action would be refused with: `forbidden`, or that of a rule that the case does not satisfy now
    code
}

/// A case
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042", "version": 7, "status": "hold",
    "is_on_hold": true, "workshop_code": "WS001", "employee_first_name": "Ada", "employee_last_name": "Moss",
    "client_email": "ada.moss@example.org", "num_reports_requested": 3, "urgency": "normal", "due_on": "2026-12-15",
    "tier": "tier_2", "complexity": "moderate", "credit_value": "2.0", "special_notes": null, "internal_notes": null,
    "report_notes_to_member": null,
    "member": {"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"},
    "created_by": {"id": "01a20725-be30-7584-bca5-f00e655c90d1", "username": "member1", "full_name": "Mia Chen"},
    "assigned_to": {"id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes"},
    "accepted_by": {"id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes"},
    "hold": {"reason": "waiting for pay stub", "held_at": "2026-11-22T08:00:00.123Z", "duration_days": 14.0,
        "expected_end_at": "2026-12-06T08:00:00.123Z"},
    "review": null, "rejection": null, "release": null, "resubmission": null, "has_member_updates": false,
    "member_last_update_at": null, "submitted_at": "2026-11-20T15:12:40.005Z", "accepted_at": "2026-11-21T09:30:11.250Z",
    "completed_at": null, "created_at": "2026-11-20T15:10:02.480Z", "updated_at": "2026-11-22T08:00:00.123Z",
    "allowed_actions": ["assign", "tier", "change_hold", "resume", "edit", "credit", "acknowledge_updates", "upload", "comment"],
    "blocked_actions": [{
        "action": "hold", "code": "invalid_case_state",
        "detail": "Cannot hold a case in status `hold`. Allowed from: `accepted`."
    }]
}))]
pub struct CaseDetail {
    pub id: Uuid,
    /// Human-readable number of the case
    #[schema(max_length = 32, example = "WS001-2026-11-0042")]
    pub case_number: String,
    /// Incremented with every change; also the `ETag`
    #[schema(minimum = 1)]
    pub version: i32,
    /// For its member, a completed case that has not been released has the status before: `accepted`, or `pending_review` if a
    /// review completed it
    pub status: CaseStatus,
    pub is_on_hold: bool,
    #[schema(value_type = ShownWorkshopCode)]
    pub workshop_code: String,
    #[schema(value_type = ShownEmployeeName)]
    pub employee_first_name: String,
    #[schema(value_type = ShownEmployeeName)]
    pub employee_last_name: String,
    #[schema(value_type = Option<ShownClientEmail>)]
    pub client_email: Option<String>,
    pub num_reports_requested: ReportNumber,
    /// As requested, or as the due date requires; for a draft as the due date requires today
    pub urgency: Urgency,
    /// A date in the configured time zone
    pub due_on: NaiveDate,
    /// Null for members
    pub tier: Option<Tier>,
    /// Null for members
    pub complexity: Option<Complexity>,
    pub credit_value: CreditValue,
    #[schema(value_type = Option<ShownCaseNotes>)]
    pub special_notes: Option<String>,
    /// Null for members
    #[schema(value_type = Option<ShownCaseNotes>)]
    pub internal_notes: Option<String>,
    #[schema(value_type = Option<ShownCaseNotes>)]
    pub report_notes_to_member: Option<String>,
    pub member: Option<PersonSummary>,
    pub created_by: Option<PersonSummary>,
    pub assigned_to: Option<PersonSummary>,
    pub accepted_by: Option<PersonSummary>,
    pub hold: Option<HoldBlock>,
    /// Null for members
    pub review: Option<ReviewBlock>,
    pub rejection: Option<RejectionBlock>,
    pub release: Option<ReleaseBlock>,
    pub resubmission: Option<ResubmissionBlock>,
    /// Whether the member made updates that the staff has not acknowledged
    pub has_member_updates: bool,
    pub member_last_update_at: Option<Instant>,
    pub submitted_at: Option<Instant>,
    pub accepted_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub created_at: Instant,
    pub updated_at: Instant,
    /// The actions the caller could perform on it now; what a request adds, such as an assignee, can still be refused
    pub allowed_actions: Vec<CaseAction>,
    /// All other actions, except for taking a case that is already assigned to the caller, which changes nothing
    #[schema(max_items = 100)]
    pub blocked_actions: Vec<BlockedAction>,
}

/// Data from outside the case's row that is shown with it.
struct CaseRelatedData {
    shown: Shown,
    when: Circumstances,
}

impl CaseRelatedData {
    /// One query, and another for a member who may resubmit the case.
    pub async fn read<C: ConnectionTrait>(db: &C, row: &case::Model, by: &Anyone, now: DateTime<Utc>) -> Result<Self> {
        let when = document::circumstances(db, row, by, now).await?;
        Ok(Self { shown: Shown::read(db, row, now).await?, when })
    }

    fn person(&self, id: Option<Uuid>) -> Option<PersonSummary> {
        self.shown.person(id).map(PersonSummary::from)
    }
}

impl CaseDetail {
    /// The last step of a write: the view is read inside the transaction, so that an error there rolls everything back.
    pub async fn committed(tx: AuditTx, row: case::Model, by: &Anyone) -> Result<Answer<Self>, Interruption> {
        let (version, now) = (row.version_for(by), tx.now());
        let related = CaseRelatedData::read(&tx, &row, by, now).await?;
        let view = Self::new(row, by, &related);
        Answer::new(view, version).committed(tx, by).await
    }

    /// The same for a newly created case.
    pub async fn created(tx: AuditTx, row: case::Model, by: &Anyone) -> Result<Answer<Self>, Interruption> {
        let (id, version, now) = (row.id, row.version_for(by), tx.now());
        let related = CaseRelatedData::read(&tx, &row, by, now).await?;
        let view = Self::new(row, by, &related);
        Answer::new(view, version).created(format!("/api/v1/cases/{id}")).committed(tx, by).await
    }

    /// A loaded case as the caller sees it, and whether the views of cases are recorded.
    pub async fn read(app: &App, by: &Anyone, row: case::Model) -> Result<(Self, bool)> {
        let related = CaseRelatedData::read(app.readers(), &row, by, app.now()).await?;
        let are_views_recorded = related.shown.are_views_recorded;
        Ok((Self::new(row, by, &related), are_views_recorded))
    }

    #[expect(clippy::too_many_lines, reason = "one line per column of a case, twice")]
    fn new(row: case::Model, by: &Anyone, related: &CaseRelatedData) -> Self {
        let (is_member, is_own) = (by.role() == Role::Member, row.is_kept_from(by));
        let status = row.status_for(by, related.when.now);
        let is_result_hidden = status != row.status;
        let (shown_version, shown_updated_at) = (row.version_for(by), row.updated_at_for(by));
        let (hold, release) = (HoldBlock::from_row(&row), ReleaseBlock::from_row(&row).filter(|_| !is_result_hidden));
        let (allowed_actions, blocked_actions) = divided(CaseAction::verdicts(by, &row, &related.when));
        // No `..` here: a new column must be shown or omitted on purpose.
        let case::Model {
            id,
            case_number,
            workshop_code,
            member_id,
            created_by_id,
            employee_first_name,
            employee_last_name,
            client_email,
            num_reports_requested,
            urgency: _,
            status: stored_status,
            tier,
            assigned_to_id,
            accepted_by_id,
            submitted_at,
            accepted_at,
            due_on,
            completed_at,
            credit_tenths,
            special_notes,
            internal_notes,
            report_notes_to_member,
            hold_reason: _,
            held_at: _,
            hold_duration_seconds: _,
            hold_expected_end_at: _,
            reviewed_by_id,
            reviewed_at,
            review_status,
            review_notes,
            rejection_reason,
            rejection_notes,
            rejected_at,
            rejected_by_id,
            scheduled_release_at: _,
            released_at: _,
            resubmission_count,
            previous_status,
            resubmitted_at,
            resubmission_notes,
            search_text: _,
            secret_moves: _,
            shown_updated_at: _,
            member_edits: _,
            creator_sees_it: _,
            version: _,
            created_at,
            updated_at: _,
            deleted_at: _,
        } = row;
        let instant = |at: Option<DateTime<Utc>>| at.map(Instant);
        let tier = tier.filter(|_| !is_member);
        Self {
            id,
            case_number,
            version: shown_version,
            status,
            is_on_hold: stored_status == CaseStatus::Hold,
            workshop_code,
            employee_first_name,
            employee_last_name,
            client_email,
            num_reports_requested: num_reports_requested.into(),
            urgency: related.shown.urgency,
            due_on,
            tier,
            complexity: tier.map(Tier::complexity),
            credit_value: CreditValue(credit_tenths),
            special_notes,
            internal_notes: internal_notes.filter(|_| !is_member),
            report_notes_to_member,
            member: related.person(Some(member_id)),
            created_by: related.person(Some(created_by_id)),
            assigned_to: related.person(assigned_to_id),
            accepted_by: related.person(accepted_by_id),
            hold,
            review: review_status.filter(|_| !is_own).map(|status| ReviewBlock {
                status: Some(status),
                reviewed_by: related.person(reviewed_by_id),
                reviewed_at: instant(reviewed_at),
                notes: review_notes,
            }),
            rejection: rejection_reason.map(|reason| RejectionBlock {
                reason: Some(reason),
                notes: rejection_notes,
                rejected_at: instant(rejected_at),
                rejected_by: related.person(rejected_by_id),
            }),
            release,
            resubmission: (resubmission_count > 0).then(|| ResubmissionBlock {
                count: resubmission_count,
                previous_status,
                resubmitted_at: instant(resubmitted_at),
                notes: resubmission_notes,
            }),
            has_member_updates: related.shown.has_member_updates,
            member_last_update_at: instant(related.shown.member_last_update_at),
            submitted_at: instant(submitted_at),
            accepted_at: instant(accepted_at),
            completed_at: instant(completed_at.filter(|_| !is_result_hidden)),
            created_at: created_at.into(),
            updated_at: shown_updated_at.into(),
            allowed_actions,
            blocked_actions,
        }
    }
}
