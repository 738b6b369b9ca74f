//! The users that requests name as assignees and as members.

use crate::http::Anyone;
use crate::wire::{Error, Result};
use entity::audit::AuditTx;
use entity::case;
use entity::user::{self, Role};
use uuid::Uuid;

/// The user named as assignee, locked so that they can't be deactivated in the meantime.
pub async fn assignee(tx: &AuditTx, id: Uuid) -> Result<user::Model> {
    let unknown = || Error::field("/assigned_to", "unknown_user", "must be the id of a user");
    user::assignee(tx, id).await?.ok_or_else(unknown)
}

/// The member named as the one whose case it is, locked so that they can't be deactivated or given another role in the meantime.
pub async fn active_member(tx: &AuditTx, id: Uuid) -> Result<user::Model> {
    let member = user::assignee(tx, id).await?.filter(|user| user.role == Role::Member && user.is_active);
    member.ok_or_else(|| Error::field("/member_id", "unknown_user", "must be the id of an active member"))
}

/// The assignee of a case, likewise locked.
pub async fn current_assignee(tx: &AuditTx, case: &case::Model) -> Result<Option<user::Model>> {
    match case.assigned_to_id {
        Some(id) => Ok(user::assignee(tx, id).await?),
        None => Ok(None),
    }
}

/// Whether the level rule is overridden. Only an administrator may do that, and must give a reason.
pub fn overrides_level(by: &Anyone, override_reason: Option<&str>) -> Result<bool> {
    match override_reason {
        None => Ok(false),
        Some(_) if by.administers() => Ok(true),
        Some(_) => Err(Error::forbidden()),
    }
}
