//! What somebody may do, as a front end asks: which pages and buttons to show. The operations decide for themselves.

use entity::user::{Caller, Level, Role, Scope};
use sea_orm::{EnumIter, Iterable};
use serde::Serialize;
use utoipa::ToSchema;

/// Something a caller may do, as far as his role, level and scopes decide; a single case or account may still refuse him.
///
/// `hand_in_cases`: create, submit and resubmit cases (administrators: create them for a member).
/// `work_on_cases`: accept, hold, resume, complete cases, and the like.
/// `review_cases`: decide on cases that wait for a review.
/// `override_level_rule`: give a case to a technician whose level is too low.
/// `export_cases`, `export_everything`: bulk exports.
/// `read_users`: see other people's accounts. `manage_members`, `manage_users`: create and change them.
/// `manage_credits`: set the members' allowances.
/// `read_settings`, `manage_settings`: the service's settings. `run_jobs`: run a job on demand.
/// `read_audit_log`, `read_reports`: the trail, and the reports over it.
/// `ingest`: report what happened in systems outside.
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
    /// Everything this caller may do, in a fixed order.
    pub fn all_of(caller: &Caller) -> Vec<Self> {
        Self::iter().filter(|permission| permission.is_given_to(caller)).collect()
    }

    fn is_given_to(self, caller: &Caller) -> bool {
        let role = caller.role();
        let administers = role == Role::Administrator;
        let runs_the_desk = administers || role == Role::Manager;
        match self {
            Self::HandInCases => role == Role::Member || administers,
            Self::WorkOnCases | Self::ReadUsers | Self::ReadSettings => role.is_staff(),
            Self::ReviewCases => runs_the_desk || matches!(caller.user_level, Some(Level::Two | Level::Three)),
            Self::ManageMembers => role == Role::Technician || administers,
            Self::ExportCases => runs_the_desk,
            Self::OverrideLevelRule
            | Self::ExportEverything
            | Self::ManageUsers
            | Self::ManageCredits
            | Self::ManageSettings
            | Self::RunJobs => administers,
            Self::ReadAuditLog => runs_the_desk || caller.scopes.contains(&Scope::AuditRead),
            Self::ReadReports => runs_the_desk || caller.scopes.contains(&Scope::ReportsRead),
            Self::Ingest => administers || caller.scopes.contains(&Scope::Ingest),
        }
    }
}
