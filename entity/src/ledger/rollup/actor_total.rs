//! The successful entries of an actor on a civil day, in all, and the changes to cases among them by kind: far fewer rows than by
//! action type, for the reports that compare actors.

use crate::audit::{Unaudited, Verb};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_actor_totals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i32,
    /// In the time zone of the generation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: chrono::NaiveDate,
    /// The nil id for entries without one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: Uuid,
    /// The name that the entries show.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_label: String,
    pub entry_count: i32,
    /// How many of them are about a case.
    pub on_cases: i32,
    /// When the latest of them occurred.
    pub last_at: chrono::DateTime<chrono::Utc>,
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
