//! Finds the entries that recorded decisions of reviews.

use crate::audit::Action;
use crate::audit_entry::{Column, Entity};
use crate::clock::{bound_at, floor_id};
use crate::db::padded;
use crate::review;
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeSet, HashMap};

/// The entries of decisions, by the ids of the decisions; one statement. A decision follows its entry in the same transaction, so
/// both have the same case and the same instant, and the entry's id is the lesser one. Decisions of version 0.1.0 may have none.
pub async fn entries_of_decisions<C: ConnectionTrait>(db: &C, decisions: &[review::Model]) -> Result<HashMap<Uuid, Uuid>, DbErr> {
    let ids = || decisions.iter().map(|decision| decision.id);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(HashMap::new()) };
    let entries = Entity::find().select_only().columns([Column::CaseId, Column::Id]);
    let entries = entries
        .filter(Column::ActionType.eq(Action::ReviewUpdated.code()))
        .filter(Column::CaseId.is_in(padded(decisions.iter().map(|decision| decision.case_id))))
        .filter(Column::Id.gte(same_instant(first)))
        .filter(Column::Id.lt(last));
    let found: Vec<(Uuid, Uuid)> = entries.into_tuple().all(db).await?;
    let entries: BTreeSet<(Uuid, Uuid)> = found.into_iter().collect();
    let entry_of = |decision: &review::Model| {
        let (case, until) = (decision.case_id, decision.id);
        let (_, entry) = entries.range((case, same_instant(until))..(case, until)).next_back()?;
        Some((decision.id, *entry))
    };
    Ok(decisions.iter().filter_map(entry_of).collect())
}

/// The smallest id with the instant of this one.
fn same_instant(id: Uuid) -> Uuid {
    floor_id(bound_at(id))
}
