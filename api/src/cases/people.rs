//! The users that requests name as assignees.

use crate::http::Anyone;
use crate::wire::{Error, Result};
use entity::audit::AuditTx;
use entity::user;
use uuid::Uuid;

/// The user named as assignee, locked so that they can't be deactivated in the meantime.
pub async fn assignee(tx: &AuditTx, id: Uuid) -> Result<user::Model> {
    let unknown = || Error::field("/assigned_to", "unknown_user", "must be the id of a user");
    user::assignee(tx, id).await?.ok_or_else(unknown)
}

/// Whether the level rule is overridden. Only an administrator may do that, and must give a reason.
pub fn overrides_level(by: &Anyone, override_reason: Option<&str>) -> Result<bool> {
    match override_reason {
        None => Ok(false),
        Some(_) if by.administers() => Ok(true),
        Some(_) => Err(Error::forbidden()),
    }
}
