//! Permissions of a caller, for front ends that decide which pages and buttons to show. The operations check for themselves.

use entity::user::Caller;
use sea_orm::{EnumIter, Iterable};
use serde::Serialize;
use utoipa::ToSchema;

/// A permission of the caller, as determined by role, level and scopes; single cases or accounts may still refuse an action.
///
/// `hand_in_cases`: create, submit and resubmit cases (administrators: create them for a member).
/// `work_on_cases`: accept, hold, resume, complete cases, and similar actions.
/// `review_cases`: decide on cases that are pending review.
/// `override_level_rule`: assign a case to a technician whose level is too low.
/// `export_cases`, `export_everything`: bulk exports.
/// `read_users`: read other users' accounts. `manage_members`, `manage_users`: create and change them.
/// `manage_credits`: set the members' credit allowances.
/// `read_settings`, `manage_settings`: the settings of the service. `run_jobs`: run a job on demand.
/// `read_audit_log`, `read_reports`: the audit log, and the reports on it.
/// `ingest`: report events of external systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    HandInCases,
    WorkOnCases,
    ReviewCases,
    OverrideLevelRule,
    ExportCases,
    ExportEverything,
    ReadUsers,
    ManageMembers,
    ManageUsers,
    ManageCredits,
    ReadSettings,
    ManageSettings,
    RunJobs,
    ReadAuditLog,
    ReadReports,
    Ingest,
}

impl Permission {
    /// All permissions of this caller, in a fixed order.
    pub fn all_of(caller: &Caller) -> Vec<Self> {
        Self::iter().filter(|permission| permission.is_given_to(caller)).collect()
    }

    fn is_given_to(self, caller: &Caller) -> bool {
        match self {
            Self::HandInCases => caller.hands_in_cases(),
            Self::WorkOnCases | Self::ReadUsers | Self::ReadSettings => caller.role().is_staff(),
            Self::ReviewCases => caller.is_reviewer(),
            Self::ManageMembers => caller.manages_members(),
            Self::ExportCases => caller.manages_cases(),
            Self::OverrideLevelRule
            | Self::ExportEverything
            | Self::ManageUsers
            | Self::ManageCredits
            | Self::ManageSettings
            | Self::RunJobs => caller.administers(),
            Self::ReadAuditLog => caller.reads_audit_log(),
            Self::ReadReports => caller.reads_reports(),
            Self::Ingest => caller.may_ingest(),
        }
    }
}
