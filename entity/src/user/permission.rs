//! Defines who may do what to a visible user: the one table behind 403.

use super::{Caller, Model, Role};

/// An action on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAction {
    Edit,
    ChangeRole,
    Deactivate,
    Reactivate,
    ResetPassword,
    ManageKeys,
    ManageSessions,
    Delete,
}

impl UserAction {
    /// Whether this caller may perform the action on this account, regardless of its state.
    pub fn permits(self, caller: &Caller, user: &Model) -> bool {
        let administers = caller.administers();
        let keeps = caller.role() == Role::Technician && user.role == Role::Member;
        match self {
            Self::Edit | Self::ManageSessions => caller.id() == user.id || administers || keeps,
            Self::Deactivate | Self::Reactivate | Self::ResetPassword => administers || keeps,
            Self::ChangeRole | Self::ManageKeys | Self::Delete => administers,
        }
    }
}

/// Whether a caller may create a user with this role.
pub fn may_create(caller: &Caller, role: Role) -> bool {
    match caller.role() {
        Role::Administrator => true,
        Role::Technician => role == Role::Member,
        Role::Member | Role::Manager | Role::Service => false,
    }
}
