//! The workload in the activity summary: what is open now, whatever the period.

use crate::wire::Instant;
use crate::wire::fields::shown::{FullName, ShownCaseNumber, ShownUsername, ShownWorkshopCode};
use entity::case::CaseStatus;
use entity::report::workload::{self, HeldCase, StatusWork, TechnicianWork, Work, WorkshopWork};
use entity::user::{Level, Role};
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

/// The open cases as they are now, whatever the period of the report. A case is open unless it is completed or deleted
#[derive(Serialize, ToSchema)]
pub struct Workload {
    summary: WorkloadFigures,
    /// Every status of open cases
    #[schema(max_items = 7)]
    by_status: Vec<WorkloadByStatus>,
    /// The 50 cases that have been on hold for longest, the longest first; `on_hold` of `summary` counts all
    #[schema(max_items = 50)]
    holds: Vec<CaseOnHold>,
    /// Active technicians, also those without open cases, and everyone else to whom open cases are assigned: the 100 with the
    /// most open cases; `technicians_total` counts all
    #[schema(max_items = 100)]
    by_technician: Vec<WorkloadByTechnician>,
    /// The 100 workshops with the most open cases; `workshops_total` counts all
    #[schema(max_items = 100)]
    by_workshop: Vec<WorkloadByWorkshop>,
}

/// The figures of the workload
#[derive(Serialize, ToSchema)]
pub struct WorkloadFigures {
    /// When the workload was determined
    as_of: Instant,
    #[schema(minimum = 0)]
    open_cases: i64,
    /// Open cases without an assignee, drafts included
    #[schema(minimum = 0)]
    unassigned: i64,
    /// Open cases whose due date is over in the configured time zone; drafts are never overdue
    #[schema(minimum = 0)]
    overdue: i64,
    #[schema(minimum = 0)]
    on_hold: i64,
    /// Holds whose expected end is over
    #[schema(minimum = 0)]
    overdue_holds: i64,
    /// How long the longest hold has lasted; null if there is none
    #[schema(minimum = 0)]
    longest_hold_seconds: Option<i64>,
    #[schema(minimum = 0)]
    waiting_for_review: i64,
    /// How many rows `by_technician` would have without its limit
    #[schema(minimum = 0)]
    technicians_total: i64,
    /// How many rows `by_workshop` would have without its limit
    #[schema(minimum = 0)]
    workshops_total: i64,
}

/// The open cases with one status, by age: the time since their submission, or since the creation of a draft
#[derive(Serialize, ToSchema)]
pub struct WorkloadByStatus {
    status: CaseStatus,
    #[schema(minimum = 0)]
    open_cases: i64,
    /// Younger than 3 days of 24 hours
    #[schema(minimum = 0)]
    under_3_days: i64,
    /// From 3 days on and under 7
    #[schema(minimum = 0)]
    from_3_days: i64,
    /// From 7 days on and under 14
    #[schema(minimum = 0)]
    from_7_days: i64,
    /// From 14 days on and under 30
    #[schema(minimum = 0)]
    from_14_days: i64,
    /// 30 days or older
    #[schema(minimum = 0)]
    from_30_days: i64,
    #[schema(minimum = 0)]
    overdue: i64,
    #[schema(minimum = 0)]
    unassigned: i64,
    /// Since when the oldest of them has been open; null if there is none
    oldest_at: Option<Instant>,
}

/// A case on hold
#[derive(Serialize, ToSchema)]
pub struct CaseOnHold {
    case_id: Uuid,
    #[schema(value_type = ShownCaseNumber)]
    case_number: String,
    #[schema(value_type = ShownWorkshopCode)]
    workshop_code: String,
    assigned_to_id: Option<Uuid>,
    #[schema(value_type = Option<ShownUsername>)]
    assigned_to_username: Option<String>,
    held_at: Option<Instant>,
    /// How long it has been on hold
    #[schema(minimum = 0)]
    held_seconds: Option<i64>,
    /// Null if the hold is open-ended
    expected_end_at: Option<Instant>,
    /// Whether the expected end is over
    is_overdue: bool,
}

/// The figures of a group of open cases
#[derive(Serialize, ToSchema)]
pub struct WorkloadCounts {
    #[schema(minimum = 0)]
    open_cases: i64,
    /// Cases in status `accepted`
    #[schema(minimum = 0)]
    in_progress: i64,
    #[schema(minimum = 0)]
    on_hold: i64,
    /// Cases in status `pending_review`
    #[schema(minimum = 0)]
    waiting_for_review: i64,
    #[schema(minimum = 0)]
    overdue: i64,
    /// Since when the oldest of them has been open; null if there is none
    oldest_at: Option<Instant>,
}

/// The open cases that are assigned to one user
#[derive(Serialize, ToSchema)]
pub struct WorkloadByTechnician {
    user_id: Uuid,
    #[schema(value_type = ShownUsername)]
    username: String,
    #[schema(value_type = FullName)]
    full_name: String,
    role: Role,
    /// Technicians only
    user_level: Option<Level>,
    #[serde(flatten)]
    #[schema(inline)]
    counts: WorkloadCounts,
}

/// The open cases of one workshop
#[derive(Serialize, ToSchema)]
pub struct WorkloadByWorkshop {
    #[schema(value_type = ShownWorkshopCode)]
    workshop_code: String,
    #[serde(flatten)]
    #[schema(inline)]
    counts: WorkloadCounts,
}

impl From<workload::Workload> for Workload {
    fn from(found: workload::Workload) -> Self {
        let summary = WorkloadFigures::new(&found);
        let workload::Workload { as_of, by_status, holds, by_technician, by_workshop, .. } = found;
        Self {
            summary,
            by_status: by_status.into_iter().map(WorkloadByStatus::from).collect(),
            holds: holds.into_iter().map(|row| CaseOnHold::new(row, as_of)).collect(),
            by_technician: by_technician.into_iter().map(WorkloadByTechnician::from).collect(),
            by_workshop: by_workshop.into_iter().map(WorkloadByWorkshop::from).collect(),
        }
    }
}

impl WorkloadFigures {
    fn new(found: &workload::Workload) -> Self {
        let lasted = |since| seconds_between(since, found.as_of);
        Self {
            as_of: found.as_of.into(),
            open_cases: found.sum(|row| row.open_cases),
            unassigned: found.sum(|row| row.unassigned),
            overdue: found.sum(|row| row.overdue),
            on_hold: found.with_status(CaseStatus::Hold),
            overdue_holds: found.sum(|row| row.overdue_holds),
            longest_hold_seconds: found.longest_held_at().map(lasted),
            waiting_for_review: found.with_status(CaseStatus::PendingReview),
            technicians_total: found.technicians_total,
            workshops_total: found.workshops_total,
        }
    }
}

impl From<StatusWork> for WorkloadByStatus {
    fn from(row: StatusWork) -> Self {
        let StatusWork { status, open_cases, ages, overdue, unassigned, overdue_holds: _, oldest_at, longest_held_at: _ } = row;
        let [under_3_days, from_3_days, from_7_days, from_14_days, from_30_days] = ages;
        Self {
            status,
            open_cases,
            under_3_days,
            from_3_days,
            from_7_days,
            from_14_days,
            from_30_days,
            overdue,
            unassigned,
            oldest_at: oldest_at.map(Instant::from),
        }
    }
}

impl CaseOnHold {
    fn new(row: HeldCase, now: chrono::DateTime<chrono::Utc>) -> Self {
        let HeldCase { case_id, case_number, workshop_code, assigned_to_id, assigned_to_username, held_at, expected_end_at } =
            row;
        Self {
            case_id,
            case_number,
            workshop_code,
            assigned_to_id,
            assigned_to_username,
            held_at: held_at.map(Instant::from),
            held_seconds: held_at.map(|since| seconds_between(since, now)),
            expected_end_at: expected_end_at.map(Instant::from),
            is_overdue: expected_end_at.is_some_and(|end| end < now),
        }
    }
}

impl From<Work> for WorkloadCounts {
    fn from(work: Work) -> Self {
        let Work { open_cases, in_progress, on_hold, waiting_for_review, overdue, oldest_at } = work;
        Self { open_cases, in_progress, on_hold, waiting_for_review, overdue, oldest_at: oldest_at.map(Instant::from) }
    }
}

impl From<TechnicianWork> for WorkloadByTechnician {
    fn from(row: TechnicianWork) -> Self {
        let TechnicianWork { user_id, username, full_name, role, user_level, work } = row;
        Self { user_id, username, full_name, role, user_level, counts: work.into() }
    }
}

impl From<WorkshopWork> for WorkloadByWorkshop {
    fn from(row: WorkshopWork) -> Self {
        let WorkshopWork { workshop_code, work } = row;
        Self { workshop_code, counts: work.into() }
    }
}

/// Whole seconds, none where another host's clock is ahead.
fn seconds_between(since: chrono::DateTime<chrono::Utc>, now: chrono::DateTime<chrono::Utc>) -> i64 {
    (now - since).num_seconds().max(0)
}

/// The example in the contract.
pub fn example() -> Json {
    json!({
        "summary": {"as_of": "2026-11-23T15:00:00.000Z", "open_cases": 1, "unassigned": 0, "overdue": 1, "on_hold": 1,
            "overdue_holds": 0, "longest_hold_seconds": 111599, "waiting_for_review": 0, "technicians_total": 1,
            "workshops_total": 1},
        "by_status": [{"status": "hold", "open_cases": 1, "under_3_days": 0, "from_3_days": 1, "from_7_days": 0,
            "from_14_days": 0, "from_30_days": 0, "overdue": 1, "unassigned": 0, "oldest_at": "2026-11-19T14:00:00.000Z"}],
        "holds": [{"case_id": "01a1f3b0-1c00-7584-bca5-f00e655c90d2", "case_number": "WS001-2026-11-0042",
            "workshop_code": "WS001", "assigned_to_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "assigned_to_username": "tech2",
            "held_at": "2026-11-22T08:00:00.123Z", "held_seconds": 111599, "expected_end_at": "2026-12-06T08:00:00.123Z",
            "is_overdue": false}],
        "by_technician": [{"user_id": "01a1e3b0-1c00-7584-bca5-f00e655c90d1", "username": "tech2", "full_name": "Tom Reyes",
            "role": "technician", "user_level": "level_2", "open_cases": 1, "in_progress": 0, "on_hold": 1,
            "waiting_for_review": 0, "overdue": 1, "oldest_at": "2026-11-19T14:00:00.000Z"}],
        "by_workshop": [{"workshop_code": "WS001", "open_cases": 1, "in_progress": 0, "on_hold": 1, "waiting_for_review": 0,
            "overdue": 1, "oldest_at": "2026-11-19T14:00:00.000Z"}]
    })
}
