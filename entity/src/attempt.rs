//! How often somebody was refused within a minute, so that a flood of refusals can't flood the trail.

use crate::audit::Unaudited;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    /// Actor (or ip address) and action type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_key: String,
    pub minute_started_at: chrono::DateTime<chrono::Utc>,
    /// Entries written in this minute.
    pub recorded_count: i32,
    /// Refusals that were only counted since the last entry.
    pub folded_count: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "it only counts what the trail's own entries then tell as folded_count";
}
