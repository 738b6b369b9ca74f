//! Units of work that begin with their case: its caller is read and the case is locked in one statement.

use super::{Column, Entity, Model, visible_to};
use crate::audit::{AuditTx, Context, RightsSource, for_update};
use crate::db::{Db, WriteTransaction, whole_rows};
use crate::user::{Admission, Caller, Credential};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, DbErr, QueryFilter, QueryTrait};

/// A caller with the case that they may change.
struct WithCase<'a> {
    credential: &'a Credential,
    /// The caller as they were read before.
    known: &'a Caller,
    id: Uuid,
}

impl RightsSource for WithCase<'_> {
    type Admission = (Admission, Option<Model>);

    async fn read(&self, db: &WriteTransaction, now: DateTime<Utc>) -> Result<Self::Admission, DbErr> {
        let seen = visible_to(self.known).filter(Column::Id.eq(self.id));
        let case = |_| for_update(whole_rows(seen)).into_query();
        let (admission, case) = self.credential.admit_beside(db, now, case).await?;
        let sees_the_same = self.sees_the_same_cases(&admission);
        Ok((admission, case.filter(|_| sees_the_same)))
    }
}

impl WithCase<'_> {
    /// Whether the caller sees the same cases as when they were read before.
    fn sees_the_same_cases(&self, admission: &Admission) -> bool {
        let Admission::Live(caller) = admission else { return false };
        (caller.id(), caller.role()) == (self.known.id(), self.known.role())
    }
}

/// Begins a unit of work as `AuditTx::begin_by` does, and locks the case. `None` says only that it is not locked yet: the caller
/// may see it by now, or no longer have the role of `known`.
///
/// # Errors
///
/// If the database can't be queried, or the case stays locked.
pub async fn begin_with(
    db: &Db,
    (credential, known): (&Credential, &Caller),
    id: Uuid,
    context: impl FnOnce(&Admission) -> Context,
) -> Result<(AuditTx, Admission, Option<Model>), DbErr> {
    let by = WithCase { credential, known, id };
    let (tx, (admission, case)) = AuditTx::begin_by(db, (known.id(), &by), None, |(admission, _)| context(admission)).await?;
    let case = case.inspect(|case| tx.remember_locked::<Entity>(case));
    Ok((tx, admission, case))
}
