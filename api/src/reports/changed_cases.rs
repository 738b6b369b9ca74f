//! The figures of case changes: of all, and by the member, the workshop and the assignee of the cases.

use entity::report::changed_cases as changed;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The figures of case changes
#[derive(Serialize, ToSchema)]
pub struct CaseChangesFigures {
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
    #[schema(minimum = 0)]
    details_changes: i64,
    #[schema(minimum = 0)]
    cases_touched: i64,
}

/// The changes to the cases of one member or assignee
#[derive(Serialize, ToSchema)]
pub struct CaseChangesByPerson {
    /// Null for cases without an assignee
    user_id: Option<Uuid>,
    #[schema(max_length = 64)]
    username: Option<String>,
    #[schema(max_length = 257)]
    full_name: Option<String>,
    #[serde(flatten)]
    #[schema(inline)]
    figures: CaseChangesFigures,
}

/// The changes to the cases of one workshop
#[derive(Serialize, ToSchema)]
pub struct CaseChangesByWorkshop {
    #[schema(max_length = 50)]
    workshop_code: String,
    #[serde(flatten)]
    #[schema(inline)]
    figures: CaseChangesFigures,
}

impl From<changed::Figures> for CaseChangesFigures {
    fn from(figures: changed::Figures) -> Self {
        let changed::Figures {
            total_changes,
            status_changes,
            tier_changes,
            reassignments,
            resubmissions,
            holds,
            details_changes,
            cases_touched,
        } = figures;
        Self { total_changes, status_changes, tier_changes, reassignments, resubmissions, holds, details_changes, cases_touched }
    }
}

impl From<changed::PersonChanges> for CaseChangesByPerson {
    fn from(row: changed::PersonChanges) -> Self {
        let changed::PersonChanges { user_id, username, full_name, figures } = row;
        Self { user_id, username, full_name, figures: figures.into() }
    }
}

impl From<changed::WorkshopChanges> for CaseChangesByWorkshop {
    fn from(row: changed::WorkshopChanges) -> Self {
        let changed::WorkshopChanges { workshop_code, figures } = row;
        Self { workshop_code, figures: figures.into() }
    }
}
