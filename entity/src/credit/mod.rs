//! What a member may use of credits in a quarter, how much of it he has used, and the reset of everybody's at once.

mod events;
mod quarter;
mod reset;
mod usage;

pub use quarter::{NoQuarter, Quarter};
pub use reset::{Reset, ResetType, reset_all, without_allowance};
pub use usage::{used_of_each, used_tenths};

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, Select};

/// The most credits an allowance can be.
pub const ALLOWED_MAX: i32 = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_allowances")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Together with the quarter it is unique.
    pub member_id: Uuid,
    /// As `Quarter` writes it.
    pub quarter: String,
    /// Whole credits.
    pub allowed_credits: i32,
    pub notes: Option<String>,
    pub version: i32,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub updated_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "credit_allowance",
    events: events::events,
    people: [MemberId],
}

/// Everything that is told of an allowance.
pub(crate) const EVERY_FACT: &[Column] = &[Column::MemberId, Column::Quarter, Column::AllowedCredits, Column::Notes];

/// The allowance of a member for a quarter.
pub fn of(member_id: Uuid, quarter: Quarter) -> Select<Entity> {
    Entity::find().filter(Column::MemberId.eq(member_id)).filter(Column::Quarter.eq(quarter.to_string()))
}

/// A member's first allowance for a quarter.
pub fn first(id: Uuid, member_id: Uuid, quarter: Quarter, allowed_credits: i32, notes: Option<String>) -> ActiveModel {
    ActiveModel {
        id: Set(id),
        member_id: Set(member_id),
        quarter: Set(quarter.to_string()),
        allowed_credits: Set(allowed_credits),
        notes: Set(notes),
        ..Default::default()
    }
}

impl Model {
    /// The quarter it is for.
    pub fn quarter(&self) -> Result<Quarter, DbErr> {
        self.quarter.parse().map_err(|_| DbErr::Type(format!("credit_allowances.quarter '{}' is no quarter", self.quarter)))
    }

    /// What is left of it, in tenths of a credit; below zero where more was used.
    pub fn remaining_tenths(&self, used_tenths: i64) -> i64 {
        i64::from(self.allowed_credits) * 10 - used_tenths
    }

    /// Other credits than before.
    pub fn allow(self, allowed_credits: i32) -> ActiveModel {
        let mut row = self.into_active_model();
        row.allowed_credits = Set(allowed_credits);
        row
    }

    /// Other credits and notes than before.
    pub fn replace(self, allowed_credits: i32, notes: Option<String>) -> ActiveModel {
        let mut row = self.allow(allowed_credits);
        row.notes = Set(notes);
        row
    }
}
