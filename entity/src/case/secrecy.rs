//! Hides an unreleased completion from the case's member: they are shown the state before it, including version and update time.

use super::{ActiveModel, CaseStatus, Column, Model};
use crate::user::{Caller, Role};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ActiveValue, ColumnTrait};

impl Model {
    /// The version that is visible to this caller.
    pub fn version_for(&self, caller: &Caller) -> i32 {
        if is_kept_from(caller) { self.version.saturating_sub(self.secret_moves).max(1) } else { self.version }
    }

    /// The time of the last change that is visible to this caller.
    pub fn updated_at_for(&self, caller: &Caller) -> DateTime<Utc> {
        self.shown_updated_at.filter(|_| is_kept_from(caller)).unwrap_or(self.updated_at)
    }
}

/// The same for sorting a list: `updated_at_for` of each row.
pub fn updated_at_for(caller: &Caller) -> Expr {
    let column = |column: Column| Expr::col(column.as_column_ref());
    match is_kept_from(caller) {
        true => Func::coalesce([column(Column::ShownUpdatedAt), column(Column::UpdatedAt)]).into(),
        false => column(Column::UpdatedAt),
    }
}

fn is_kept_from(caller: &Caller) -> bool {
    caller.role() == Role::Member
}

/// Counts the changes that the member isn't shown, and keeps the time of the last one that is shown.
pub(super) fn keep(row: &mut ActiveModel, before: &Model, at: DateTime<Utc>) {
    let shown = |status: CaseStatus, released: bool, scheduled: Option<DateTime<Utc>>| match status {
        CaseStatus::Completed if !released && scheduled.is_none_or(|scheduled| scheduled > at) => CaseStatus::Accepted,
        status => status,
    };
    let status = after(&row.status, before.status);
    let released = after(&row.released_at, before.released_at).is_some();
    let scheduled = after(&row.scheduled_release_at, before.scheduled_release_at);
    let shown_before = shown(before.status, before.released_at.is_some(), before.scheduled_release_at);
    let is_secret = status != before.status && shown(status, released, scheduled) == shown_before;
    if is_secret {
        row.secret_moves = Set(before.secret_moves.saturating_add(1));
        row.shown_updated_at = Set(Some(before.shown_updated_at.unwrap_or(before.updated_at)));
    } else {
        row.shown_updated_at = Set(None);
    }
}

/// A column's value once the row is saved.
fn after<V: Copy + Into<sea_orm::Value>>(column: &ActiveValue<V>, before: V) -> V {
    match column {
        Set(value) | Unchanged(value) => *value,
        ActiveValue::NotSet => before,
    }
}
