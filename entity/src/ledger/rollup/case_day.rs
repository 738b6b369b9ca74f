//! The successful changes of a case on a civil day, by action type: those of the report of case changes.

use crate::audit::{Unaudited, Verb};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_case_days")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i32,
    /// In the time zone of the generation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: chrono::NaiveDate,
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub action_type: String,
    pub entry_count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = super::REASON;
    const VERBS: &'static [Verb] = super::VERBS;
}
