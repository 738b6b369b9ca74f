//! The figures of case changes: of all, by the member, the workshop and the assignee of the cases, and by who made them.

use crate::wire::fields::shown::{FullName, ShownUsername, ShownWorkshopCode};
use entity::report::change_actors::ActorChanges;
use entity::report::changed_cases::{self as changed, CaseChangeFigures, ChangeCounts};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The number of case changes by kind
#[derive(Serialize, ToSchema)]
pub struct CaseChangesCounts {
    #[schema(minimum = 0)]
    total_changes: i64,
    #[schema(minimum = 0)]
    status_changes: i64,
    #[schema(minimum = 0)]
    tier_changes: i64,
    /// Assignments and reassignments
    #[schema(minimum = 0)]
    reassignments: i64,
    #[schema(minimum = 0)]
    resubmissions: i64,
    /// Holds and resumptions
    #[schema(minimum = 0)]
    holds: i64,
    /// Holds without resumptions
    #[schema(minimum = 0)]
    placed_on_hold: i64,
    #[schema(minimum = 0)]
    details_changes: i64,
}

/// The figures of case changes
#[derive(Serialize, ToSchema)]
pub struct CaseChangesFigures {
    #[serde(flatten)]
    #[schema(inline)]
    counts: CaseChangesCounts,
    #[schema(minimum = 0)]
    cases_touched: i64,
}

/// The changes to the cases of one member or assignee
#[derive(Serialize, ToSchema)]
pub struct CaseChangesByPerson {
    /// Null for cases without an assignee
    user_id: Option<Uuid>,
    #[schema(value_type = Option<ShownUsername>)]
    username: Option<String>,
    #[schema(value_type = Option<FullName>)]
    full_name: Option<String>,
    #[serde(flatten)]
    #[schema(inline)]
    counts: CaseChangesCounts,
    #[schema(minimum = 0)]
    cases_touched: i64,
}

/// The changes to the cases of one workshop
#[derive(Serialize, ToSchema)]
pub struct CaseChangesByWorkshop {
    #[schema(value_type = ShownWorkshopCode)]
    workshop_code: String,
    #[serde(flatten)]
    #[schema(inline)]
    counts: CaseChangesCounts,
    #[schema(minimum = 0)]
    cases_touched: i64,
}

/// The changes that one actor made
#[derive(Serialize, ToSchema)]
pub struct CaseChangesByActor {
    /// Null for an actor without an account, such as the service itself
    actor_id: Option<Uuid>,
    /// The username, or `System`
    #[schema(max_length = 64)]
    actor_label: String,
    #[schema(value_type = Option<FullName>)]
    full_name: Option<String>,
    #[serde(flatten)]
    #[schema(inline)]
    counts: CaseChangesCounts,
}

impl From<ChangeCounts> for CaseChangesCounts {
    fn from(changes: ChangeCounts) -> Self {
        let ChangeCounts {
            total_changes,
            status_changes,
            tier_changes,
            reassignments,
            resubmissions,
            holds,
            placed_on_hold,
            details_changes,
        } = changes;
        Self { total_changes, status_changes, tier_changes, reassignments, resubmissions, holds, placed_on_hold, details_changes }
    }
}

impl From<CaseChangeFigures> for CaseChangesFigures {
    fn from(figures: CaseChangeFigures) -> Self {
        let CaseChangeFigures { changes, cases_touched } = figures;
        Self { counts: changes.into(), cases_touched }
    }
}

impl From<changed::PersonChanges> for CaseChangesByPerson {
    fn from(row: changed::PersonChanges) -> Self {
        let changed::PersonChanges { user_id, username, full_name, figures } = row;
        let CaseChangeFigures { changes, cases_touched } = figures;
        Self { user_id, username, full_name, counts: changes.into(), cases_touched }
    }
}

impl From<changed::WorkshopChanges> for CaseChangesByWorkshop {
    fn from(row: changed::WorkshopChanges) -> Self {
        let changed::WorkshopChanges { workshop_code, figures } = row;
        let CaseChangeFigures { changes, cases_touched } = figures;
        Self { workshop_code, counts: changes.into(), cases_touched }
    }
}

impl From<ActorChanges> for CaseChangesByActor {
    fn from(row: ActorChanges) -> Self {
        let ActorChanges { actor_id, actor_label, full_name, changes } = row;
        Self { actor_id, actor_label, full_name, counts: changes.into() }
    }
}
