//! Permissions of a caller, for front ends that decide which pages and buttons to show. The operations check for themselves.

use entity::user::{Caller, Level, Role, Scope};
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
        let role = caller.role();
        let administers = role == Role::Administrator;
        let manages = administers || role == Role::Manager;
        match self {
            Self::HandInCases => role == Role::Member || administers,
            Self::WorkOnCases | Self::ReadUsers | Self::ReadSettings => role.is_staff(),
            Self::ReviewCases => manages || matches!(caller.user_level, Some(Level::Two | Level::Three)),
            Self::ManageMembers => role == Role::Technician || administers,
            Self::ExportCases => manages,
            Self::OverrideLevelRule
            | Self::ExportEverything
            | Self::ManageUsers
            | Self::ManageCredits
            | Self::ManageSettings
            | Self::RunJobs => administers,
            Self::ReadAuditLog => manages || caller.scopes.contains(&Scope::AuditRead),
            Self::ReadReports => manages || caller.scopes.contains(&Scope::ReportsRead),
            Self::Ingest => administers || caller.scopes.contains(&Scope::Ingest),
        }
    }
}
