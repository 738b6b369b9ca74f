//! The circumstances that may prevent an account from being changed: whether it is the caller's own, the other administrators,
//! and its open cases.

use super::lifecycle::{Rights, UserRefusal};
use super::{Caller, Model, Role, active_administrators, locked};
use crate::audit::AuditTx;
use crate::load::LoadError;
use uuid::Uuid;

/// Read while the user is locked, so that it still holds when the user is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub is_oneself: bool,
    pub active_administrators: usize,
    pub open_cases: u64,
}

/// Reads a user for update, with the number of active administrators.
///
/// The administrators are locked first and always in the same order: two who remove each other wait, but can't deadlock.
pub async fn locked_with_administrators(tx: &AuditTx, id: Uuid, caller: &Caller) -> Result<(Model, usize), LoadError> {
    let active_administrators = active_administrators(tx).await?;
    Ok((locked(tx, id, caller).await?, active_administrators))
}

impl Model {
    /// Whether the user may be given other rights.
    pub fn ensure_may_become(&self, rights: &Rights, standing: &Standing) -> Result<(), UserRefusal> {
        standing.ensure_another()?;
        if rights.role == self.role {
            return Ok(());
        }
        let is_last = self.is_active_administrator() && standing.active_administrators <= 1;
        // Managers and administrators may keep a technician's cases, but a user who stops being a technician has to hand them
        // over.
        let stops_working = self.role == Role::Technician || (self.role.is_staff() && !rights.role.is_staff());
        match standing.open_cases {
            _ if is_last => Err(UserRefusal::LastAdministrator),
            count if count > 0 && stops_working => Err(UserRefusal::OpenCases { count }),
            _ => Ok(()),
        }
    }

    /// Whether the user may be deactivated or deleted.
    pub fn ensure_may_leave(&self, standing: &Standing) -> Result<(), UserRefusal> {
        standing.ensure_another()?;
        match standing.open_cases {
            _ if self.is_active_administrator() && standing.active_administrators <= 1 => Err(UserRefusal::LastAdministrator),
            0 => Ok(()),
            count => Err(UserRefusal::OpenCases { count }),
        }
    }

    fn is_active_administrator(&self) -> bool {
        self.role == Role::Administrator && self.is_active
    }
}

impl Standing {
    pub fn ensure_another(&self) -> Result<(), UserRefusal> {
        if self.is_oneself { Err(UserRefusal::Oneself) } else { Ok(()) }
    }
}
