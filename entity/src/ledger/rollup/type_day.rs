//! The entries of a civil day by action type, outcome and kind of actor.

use crate::audit::{Unaudited, Verb};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_type_days")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i32,
    /// In the time zone of the generation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: chrono::NaiveDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub action_type: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub outcome: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_type: String,
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
