//! Counts the refusals per key within a minute, so that a flood of refusals can't flood the audit log.

mod events;
mod subject;

pub use subject::{ObjectKind, Subject};

use crate::audit::{AuditTx, Unaudited};
use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    /// Actor (or IP address) and action type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_key: String,
    pub minute_started_at: chrono::DateTime<chrono::Utc>,
    /// Audit entries written in this minute.
    pub recorded_count: i32,
    /// Refusals that have only been counted since the last entry.
    pub folded_count: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "it only counts what audit entries later report as folded_count";
}

/// Audit entries that one key may write in a minute; refusals beyond it are only counted.
const RECORDED_MAX: i32 = 20;

/// Counts one refusal. `Some(n)`: write an entry that also reports the `n` refusals that were only counted before; `None`: write
/// none.
pub async fn count(tx: &AuditTx, key: &str) -> Result<Option<i32>, DbErr> {
    let now = tx.now();
    let first = ActiveModel {
        attempt_key: Set(key.chars().take(120).collect()),
        minute_started_at: Set(now),
        recorded_count: Set(0),
        folded_count: Set(0),
    };
    let keep = OnConflict::column(Column::AttemptKey).do_nothing().to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited counter")]
    Entity::insert(first).on_conflict(keep).exec_without_returning(tx).await?;
    let row = Entity::find_by_id(key).lock_exclusive().one(tx).await?.ok_or(DbErr::RecordNotUpdated)?;
    let is_over = now - row.minute_started_at >= TimeDelta::minutes(1);
    let recorded = if is_over { 0 } else { row.recorded_count };
    let is_recorded = recorded < RECORDED_MAX;
    let folded = row.folded_count;
    let mut next = row.into_active_model();
    next.minute_started_at = if is_over { Set(now) } else { next.minute_started_at };
    next.recorded_count = Set(recorded + i32::from(is_recorded));
    next.folded_count = Set(if is_recorded { 0 } else { folded.saturating_add(1) });
    next.update(tx).await?;
    Ok(is_recorded.then_some(folded))
}
