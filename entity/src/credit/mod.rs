//! Credit allowances per member and quarter, their usage, and the bulk reset of all members' allowances.

mod events;
mod quarter;
mod reset;
mod usage;

pub use quarter::{NoQuarter, Quarter};
pub use reset::{Reset, ResetType, reset_all, without_allowance};
pub use usage::{used_of_each, used_tenths};

use crate::audit::audited;
use crate::db::placed;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, Select};

/// The maximum number of credits in an allowance.
pub const ALLOWED_MAX: i32 = 10_000;

placed! {
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "credit_allowances")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Unique together with the quarter.
        pub member_id: Uuid,
        /// As written by `Quarter`.
        pub quarter: String,
        /// Whole credits.
        pub allowed_credits: i32,
        pub notes: Option<String>,
        pub version: i32,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub updated_at: chrono::DateTime<chrono::Utc>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "credit_allowance",
    events: events::events,
    people: [MemberId],
}

/// Every column of an allowance that entries record.
pub(crate) const EVERY_FACT: &[Column] = &[Column::MemberId, Column::Quarter, Column::AllowedCredits, Column::Notes];

/// The allowance of a member for a quarter.
pub fn find_allowance(member_id: Uuid, quarter: Quarter) -> Select<Entity> {
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
    /// The quarter of the allowance.
    pub fn quarter(&self) -> Result<Quarter, DbErr> {
        self.quarter.parse().map_err(|_| DbErr::Type(format!("credit_allowances.quarter '{}' is not a quarter", self.quarter)))
    }

    /// The remaining part of the allowance, in tenths of a credit; negative if more was used.
    pub fn remaining_tenths(&self, used_tenths: i64) -> i64 {
        i64::from(self.allowed_credits) * 10 - used_tenths
    }

    /// Sets the credits.
    pub fn allow(self, allowed_credits: i32) -> ActiveModel {
        let mut row = self.into_active_model();
        row.allowed_credits = Set(allowed_credits);
        row
    }

    /// Sets the credits and the notes.
    pub fn replace(self, allowed_credits: i32, notes: Option<String>) -> ActiveModel {
        let mut row = self.allow(allowed_credits);
        row.notes = Set(notes);
        row
    }
}
