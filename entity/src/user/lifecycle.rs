//! The moves of a user. Pure: the row goes in, the row to save or the rule that refused comes out.

use super::{ActiveModel, Level, Model, Role, Scope};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, IntoActiveModel};

/// Which rule refused a change of a user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("nobody changes his own role, activity or existence")]
    Oneself,
    #[error("the last active administrator stays")]
    LastAdministrator,
    #[error("the user still owns {count} open cases")]
    OpenCases { count: u64 },
}

/// What somebody is and how far he may go: level for technicians only, scopes for service accounts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    pub role: Role,
    pub user_level: Option<Level>,
    pub scopes: Vec<Scope>,
}

impl Model {
    pub fn change_role(self, rights: &Rights) -> ActiveModel {
        let mut row = self.into_active_model();
        row.role = Set(rights.role);
        row.user_level = Set(rights.user_level);
        row.scopes = Set(rights.scopes_column());
        row
    }

    pub fn activate(self, is_active: bool) -> ActiveModel {
        let mut row = self.into_active_model();
        row.is_active = Set(is_active);
        row
    }

    pub fn delete(self, now: DateTime<Utc>) -> ActiveModel {
        let mut row = self.into_active_model();
        row.is_active = Set(false);
        row.deleted_at = Set(Some(now));
        row
    }
}

impl Rights {
    /// The column's value; `None` for those who aren't service accounts.
    pub fn scopes_column(&self) -> Option<String> {
        (self.role == Role::Service).then(|| Scope::join(&self.scopes))
    }
}
