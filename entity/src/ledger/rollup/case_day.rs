//! The successful changes to a case on a civil day, by kind: those of the report of case changes.

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
    /// The columns of `ChangeColumn`.
    pub created: i32,
    pub status_changed: i32,
    pub tier_changed: i32,
    pub assigned: i32,
    pub resubmitted: i32,
    pub held: i32,
    pub resumed: i32,
    pub edited: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = super::REASON;
    const VERBS: &'static [Verb] = super::VERBS;
}
