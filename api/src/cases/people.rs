//! Those a case is given to, as requests name them.

use crate::http::{Anyone, Error, Result};
use entity::audit::AuditTx;
use entity::user::{self, Role};
use uuid::Uuid;

/// The user an assignment names, locked so that he can't be deactivated meanwhile.
pub async fn assignee(tx: &AuditTx, id: Uuid) -> Result<user::Model> {
    let unknown = || Error::field("/assigned_to", "unknown_user", "must be the id of a user");
    user::assignee(tx, id).await?.ok_or_else(unknown)
}

/// Only an administrator may go below the level rule, and says why. Whether he does.
pub fn overrides_level(by: &Anyone, override_reason: Option<&str>) -> Result<bool> {
    match (override_reason, by.role()) {
        (None, _) => Ok(false),
        (Some(_), Role::Administrator) => Ok(true),
        (Some(_), Role::Member | Role::Technician | Role::Manager | Role::Service) => Err(Error::forbidden()),
    }
}
