//! Holds that somebody was told are overdue: once a hold.

use crate::audit::Unaudited;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "overdue_holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    /// When that hold began: a later one of the same case is another.
    #[sea_orm(primary_key, auto_increment = false)]
    pub held_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "it remembers that an alert was raised, which changes nothing of the case";
}
