//! The entries of a calendar month by actor, action type, outcome and topic: the sums of its days, for reports on long periods.

use crate::audit::{Unaudited, Verb};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_actor_months")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i32,
    /// Its first day, in the time zone of the generation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: chrono::NaiveDate,
    /// The nil id for entries without one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: Uuid,
    /// The name that the entries show.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_label: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub action_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub outcome: String,
    /// Empty for entries without one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub topic: String,
    pub entry_count: i64,
    /// How many of them are about a case.
    pub on_cases: i64,
    /// When the latest of them occurred.
    pub last_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = super::REASON;
    const VERBS: &'static [Verb] = super::VERBS;
}
