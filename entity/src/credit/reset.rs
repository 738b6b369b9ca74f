//! Sets the credits of all active members for a quarter at once.

use super::{Column, Entity, Quarter, first};
use crate::audit::{AuditTx, Event, key};
use crate::user::{self, Role};
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, QueryTrait, Select};
use std::collections::HashMap;

/// The kind of a bulk reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetType {
    /// Requested by a caller: existing allowances are replaced.
    Bulk,
    /// At the start of a quarter: existing allowances for it are kept. So it can be repeated, and then changes nothing.
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

/// The result of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Part of each of its entries.
    pub batch_id: Uuid,
    /// The number of members whose credits were set.
    pub member_count: usize,
    /// How many of them had no allowance for the quarter before.
    pub created_count: usize,
    /// How many already had the same allowance, so that their row did not change.
    pub unchanged_count: usize,
}

/// Sets the credits of each active member for a quarter: one `quarterly_credit_reset` for each, and one `bulk_credit_reset`.
///
/// A scheduled reset records nothing if every member already has an allowance. The members stay locked until the end, so that two
/// resets run one after the other.
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
    tx.note(key::RESET_TYPE, reset_type.code());
    tx.note(key::BATCH_ID, Some(batch_id));
    let whole =
        Event::bulk_credit_reset(&quarter.to_string(), reset.member_count, Some(new_allowance), batch_id, reset_type.code());
    tx.save_many(rows, vec![whole]).await?;
    Ok(reset)
}

/// Active members without an allowance for a quarter: those that a scheduled reset would reach.
pub fn without_allowance(quarter: Quarter) -> Select<user::Entity> {
    let allowed = Entity::find().filter(Column::Quarter.eq(quarter.to_string())).select_only().column(Column::MemberId);
    active_members().filter(user::Column::Id.not_in_subquery(allowed.into_query()))
}

fn active_members() -> Select<user::Entity> {
    user::active().filter(user::Column::Role.eq(Role::Member))
}
