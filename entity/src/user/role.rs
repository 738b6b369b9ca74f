//! The roles of users, the levels of technicians, and the scopes of service accounts.

use crate::db::stored_as_text;
use sea_orm::Iterable;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

stored_as_text! { Role, Level }

/// The role of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Submits cases and sees their own cases.
    Member,
    /// Works on the cases assigned to them.
    Technician,
    /// Supervises the work on all cases.
    Manager,
    Administrator,
    /// An account for an integration, not a person.
    Service,
}

impl Role {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Technician => "technician",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }

    /// Technicians, managers and administrators: the users who may be assigned a case.
    pub const fn is_staff(self) -> bool {
        match self {
            Self::Technician | Self::Manager | Self::Administrator => true,
            Self::Member | Self::Service => false,
        }
    }
}

/// The seniority of a technician: 1 is new, 3 is senior.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))")]
#[schema(as = UserLevel)]
pub enum Level {
    #[sea_orm(string_value = "level_1")]
    #[serde(rename = "level_1")]
    One,
    #[sea_orm(string_value = "level_2")]
    #[serde(rename = "level_2")]
    Two,
    #[sea_orm(string_value = "level_3")]
    #[serde(rename = "level_3")]
    Three,
}

impl Level {
    pub const fn code(self) -> &'static str {
        match self {
            Self::One => "level_1",
            Self::Two => "level_2",
            Self::Three => "level_3",
        }
    }

    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

/// A permission granted to a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, Serialize, Deserialize, ToSchema)]
#[schema(as = ServiceScope)]
pub enum Scope {
    #[serde(rename = "ingest")]
    Ingest,
    #[serde(rename = "audit:read")]
    AuditRead,
    #[serde(rename = "reports:read")]
    ReportsRead,
}

impl Scope {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::AuditRead => "audit:read",
            Self::ReportsRead => "reports:read",
        }
    }

    /// The column's text for a set of scopes: their codes in a fixed order, separated by spaces.
    pub fn join(scopes: &[Self]) -> String {
        let granted = Self::iter().filter(|scope| scopes.contains(scope)).map(Self::code);
        granted.collect::<Vec<_>>().join(" ")
    }

    /// The scopes in the column's text.
    pub fn split(text: &str) -> Vec<Self> {
        Self::iter().filter(|scope| text.split(' ').any(|code| code == scope.code())).collect()
    }
}
