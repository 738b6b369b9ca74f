//! Sets the credits of all active members for a quarter at once.

use super::{Column, Entity, Quarter, first};
use crate::audit::{AuditTx, Event};
use crate::user::{self, Role};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, QueryTrait, Select};
use std::collections::HashMap;

/// Why everybody's credits are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetType {
    /// Somebody asked for it: whatever a member was allowed is replaced.
    Bulk,
    /// The quarter begins: members who were allowed something for it keep that. So it can be done again, and changes nothing.
    Scheduled,
}

impl ResetType {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Scheduled => "scheduled",
        }
    }
}

/// What a reset did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// In each of its entries.
    pub batch_id: Uuid,
    /// How many members' credits were set.
    pub member_count: usize,
    /// How many of them had been allowed nothing for the quarter before.
    pub created_count: usize,
    /// How many had been allowed just as much, so that no row of theirs changed.
    pub unchanged_count: usize,
}

/// Sets the credits of each active member for a quarter: one `quarterly_credit_reset` for each, and one `bulk_credit_reset`.
///
/// A scheduled one that finds nobody without an allowance records nothing. The members stay locked until the end, so that two
/// resets come one after the other.
pub async fn reset_all(tx: &AuditTx, quarter: Quarter, new_allowance: i32, reset_type: ResetType) -> Result<Reset, DbErr> {
    let members = tx.lock_many(active_members()).await?;
    let known = tx.lock_many(Entity::find().filter(Column::Quarter.eq(quarter.to_string()))).await?;
    let mut known: HashMap<Uuid, super::Model> = known.into_iter().map(|row| (row.member_id, row)).collect();

    let batch_id = tx.new_id();
    let mut reset = Reset { batch_id, member_count: 0, created_count: 0, unchanged_count: 0 };
    let mut rows = Vec::with_capacity(members.len());
    for member in members {
        match (known.remove(&member.id), reset_type) {
            (Some(_), ResetType::Scheduled) => continue,
            (Some(allowance), ResetType::Bulk) => {
                reset.unchanged_count += usize::from(allowance.allowed_credits == new_allowance);
                rows.push(allowance.allow(new_allowance));
            }
            (None, ResetType::Bulk | ResetType::Scheduled) => {
                reset.created_count += 1;
                rows.push(first(tx.new_id(), member.id, quarter, new_allowance, None));
            }
        }
    }
    reset.member_count = rows.len();
    if rows.is_empty() && reset_type == ResetType::Scheduled {
        return Ok(reset);
    }
    tx.note("reset_type", reset_type.code());
    tx.note("batch_id", batch_id.to_string());
    let whole =
        Event::bulk_credit_reset(&quarter.to_string(), reset.member_count, Some(new_allowance), batch_id, reset_type.code());
    tx.save_many(rows, vec![whole]).await?;
    Ok(reset)
}

/// Active members who have been allowed nothing for a quarter yet: those whom a scheduled reset would reach.
pub fn without_allowance(quarter: Quarter) -> Select<user::Entity> {
    let allowed = Entity::find().filter(Column::Quarter.eq(quarter.to_string())).select_only().column(Column::MemberId);
    active_members().filter(user::Column::Id.not_in_subquery(allowed.into_query()))
}

fn active_members() -> Select<user::Entity> {
    user::active().filter(user::Column::Role.eq(Role::Member))
}
