//! The circumstances that may prevent an account from being changed: whether it is the caller's own, the other administrators,
//! the cases that are assigned to it, and those of its own.

use super::lifecycle::{Rights, UserRefusal};
use super::{Caller, Column, Model, Role, locked, present};
use crate::audit::AuditTx;
use crate::load::LoadError;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// Read while the user is locked, so that it still holds when the user is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub is_oneself: bool,
    pub active_administrators: usize,
    /// The open cases that are assigned to the user.
    pub assigned_cases: u64,
    /// The open cases of their own, as their member.
    pub own_cases: u64,
    /// The completed cases of their own whose results they may not see yet.
    pub own_unreleased_cases: u64,
}

/// Reads a user for update, with the number of active administrators, who are locked too: two can't remove each other as the last
/// one.
///
/// One statement locks the user and the administrators in the order of their ids, like everything that locks several users: the
/// second of two such transactions waits, and holds no row that the first one still needs.
pub async fn locked_with_administrators(tx: &AuditTx, id: Uuid, caller: &Caller) -> Result<(Model, usize), LoadError> {
    let administrator = Condition::all().add(Column::Role.eq(Role::Administrator)).add(Column::IsActive.eq(true));
    let either = Condition::any().add(administrator).add(Column::Id.eq(id));
    let rows = present().filter(either).order_by_asc(Column::Id).lock(LockType::NoKeyUpdate).all(tx).await?;
    let active_administrators = rows.iter().filter(|row| row.is_active_administrator()).count();
    Ok((locked(tx, id, caller).await?, active_administrators))
}

impl Model {
    /// Whether the user may be given other rights.
    pub fn ensure_may_become(&self, rights: &Rights, standing: &Standing) -> Result<(), UserRefusal> {
        standing.ensure_another()?;
        if rights.role == self.role {
            return Ok(());
        }
        self.ensure_not_last(standing)?;
        // Managers and administrators may keep a technician's cases, but a user who stops being a technician has to hand them
        // over.
        let stops_working = self.role == Role::Technician || (self.role.is_staff() && !rights.role.is_staff());
        let assigned = if stops_working { standing.assigned_cases } else { 0 };
        // Only as a member can a user submit and resubmit cases of their own, and only from members is an unreleased result
        // kept.
        let all = standing.own_cases.saturating_add(standing.own_unreleased_cases);
        let own = if rights.role == Role::Member { 0 } else { all };
        ensure_none_open(assigned, own)
    }

    /// Whether the user may be deactivated: their own cases wait for them, since the account can be reactivated.
    pub fn ensure_may_pause(&self, standing: &Standing) -> Result<(), UserRefusal> {
        standing.ensure_another()?;
        self.ensure_not_last(standing)?;
        ensure_none_open(standing.assigned_cases, 0)
    }

    /// Whether the user may be deleted.
    pub fn ensure_may_leave(&self, standing: &Standing) -> Result<(), UserRefusal> {
        standing.ensure_another()?;
        self.ensure_not_last(standing)?;
        ensure_none_open(standing.assigned_cases, standing.own_cases)
    }

    fn ensure_not_last(&self, standing: &Standing) -> Result<(), UserRefusal> {
        let is_last = self.is_active_administrator() && standing.active_administrators <= 1;
        if is_last { Err(UserRefusal::LastAdministrator) } else { Ok(()) }
    }

    fn is_active_administrator(&self) -> bool {
        self.role == Role::Administrator && self.is_active
    }
}

/// Refuses to leave cases without someone who can work on them, or submit them.
fn ensure_none_open(assigned: u64, own: u64) -> Result<(), UserRefusal> {
    if (assigned, own) == (0, 0) { Ok(()) } else { Err(UserRefusal::OpenCases { assigned, own }) }
}

impl Standing {
    pub fn ensure_another(&self) -> Result<(), UserRefusal> {
        if self.is_oneself { Err(UserRefusal::Oneself) } else { Ok(()) }
    }
}
