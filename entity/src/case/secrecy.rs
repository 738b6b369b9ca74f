//! Hides an unreleased completion from the user whose case it is: they are shown the state before it, including version and
//! update time.

use super::urgency::Rush;
use super::{ActiveModel, CaseStatus, Column, Entity, Model, released, unreleased};
use crate::db::{Columns, Placed};
use crate::setting;
use crate::user::{self, Caller, Role};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SelectStatement};
use sea_orm::{ActiveValue, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

impl Model {
    /// Whether an unreleased completion of this case is hidden from the caller: from members, and from the user whose case it is,
    /// whatever role they have by now.
    pub fn is_kept_from(&self, caller: &Caller) -> bool {
        caller.role() == Role::Member || self.member_id == caller.id()
    }

    /// The status that is visible to this caller.
    pub fn status_for(&self, caller: &Caller, now: DateTime<Utc>) -> CaseStatus {
        if self.is_kept_from(caller) { self.status_for_member(now) } else { self.status }
    }

    /// The status that is visible to its member: an unreleased completion is shown as the status before it.
    pub(super) fn status_for_member(&self, now: DateTime<Utc>) -> CaseStatus {
        match self.status {
            CaseStatus::Completed if self.is_released(now) => CaseStatus::Completed,
            CaseStatus::Completed if self.was_completed_by_review() => CaseStatus::PendingReview,
            CaseStatus::Completed => CaseStatus::Accepted,
            status => status,
        }
    }

    /// A decision sets both times to one instant. A case that is reopened keeps the time of its review, and is completed later.
    fn was_completed_by_review(&self) -> bool {
        self.reviewed_at.is_some() && self.reviewed_at == self.completed_at
    }

    /// The version that is visible to this caller.
    pub fn version_for(&self, caller: &Caller) -> i32 {
        if self.is_kept_from(caller) { std::cmp::max(self.version.saturating_sub(self.secret_moves), 1) } else { self.version }
    }

    /// The time of the last change that is visible to this caller.
    pub fn updated_at_for(&self, caller: &Caller) -> DateTime<Utc> {
        self.shown_updated_at.filter(|_| self.is_kept_from(caller)).unwrap_or(self.updated_at)
    }
}

/// In which of the cases that a caller sees an unreleased completion is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// In all of them: the caller is a member.
    Everywhere,
    /// In those of this user: former members, who belong to the staff by now.
    InCasesOf(Uuid),
    /// The staff has no case of their own in which anything is hidden; lists are then filtered and sorted by columns alone.
    Nowhere,
}

impl Hidden {
    /// What may be hidden from a caller, without asking whether there is anything.
    pub fn from(caller: &Caller) -> Self {
        if caller.role() == Role::Member { Self::Everywhere } else { Self::InCasesOf(caller.id()) }
    }
}

/// The settings that lists of cases depend on, and whether anything is hidden from their reader.
#[derive(Clone, Debug)]
pub struct ListingSettings {
    rush_case_threshold_days: i32,
    time_zone: String,
    /// Whether something is hidden from the user in a case of their own; false for members, for whom it is not looked up.
    is_anything_hidden: bool,
}

impl ListingSettings {
    /// Selects them for a user, in one row.
    pub fn statement(user_id: Uuid, now: DateTime<Utc>) -> SelectStatement {
        let completed = Condition::all().add(Column::Status.eq(CaseStatus::Completed)).add(unreleased(now));
        let secret = Condition::any().add(Column::SecretMoves.gt(0)).add(completed);
        let role = user::Entity::find_by_id(user_id).select_only().column(user::Column::Role).into_query();
        let is_not_member = Expr::SubQuery(None, Box::new(role.into())).ne(Role::Member.code());
        // A range in the order of its index: with an equality PostgreSQL scans all cases if few members have most of them.
        let own = Entity::find().select_only().column(Column::Id).filter(Column::MemberId.between(user_id, user_id));
        let first = own.filter(secret).order_by_asc(Column::MemberId).order_by_asc(Column::Id).limit(1);
        let is_anything_hidden = Expr::case(is_not_member, Expr::from(first.into_query()).is_not_null()).finally(false);
        let settings = [setting::Column::RushCaseThresholdDays, setting::Column::TimeZone];
        setting::Entity::find().select_only().columns(settings).expr_as(is_anything_hidden, "is_anything_hidden").into_query()
    }

    /// Which drafts are a rush at this instant.
    ///
    /// # Errors
    ///
    /// If this version does not know the time zone.
    pub fn rush(&self, now: DateTime<Utc>) -> Result<Rush, DbErr> {
        Ok(Rush::new(now, self.zone()?, self.rush_case_threshold_days))
    }

    /// The time zone of all civil days.
    ///
    /// # Errors
    ///
    /// If this version does not know it.
    pub fn zone(&self) -> Result<Tz, DbErr> {
        setting::zone(&self.time_zone)
    }

    /// The completions that the caller is not shown.
    pub fn hidden(&self, caller: &Caller) -> Hidden {
        match Hidden::from(caller) {
            Hidden::InCasesOf(_) if !self.is_anything_hidden => Hidden::Nowhere,
            hidden => hidden,
        }
    }
}

/// As `statement` selects them.
impl Placed for ListingSettings {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let (rush_case_threshold_days, time_zone) = (columns.take()?, columns.take()?);
        Ok(Self { rush_case_threshold_days, time_zone, is_anything_hidden: columns.take()? })
    }
}

/// The cases whose status, as it is shown, is one of `statuses`: `status_for` of each row.
pub fn has_status(statuses: &[CaseStatus], hidden: Hidden, now: DateTime<Utc>) -> Condition {
    let plain = Condition::any().add(Column::Status.is_in(statuses.iter().copied()));
    match hidden {
        Hidden::Nowhere => plain,
        Hidden::Everywhere => has_shown_status(statuses, now),
        Hidden::InCasesOf(id) => {
            let own = Condition::all().add(Column::MemberId.eq(id)).add(has_shown_status(statuses, now));
            Condition::any().add(Condition::all().add(Column::MemberId.ne(id)).add(plain)).add(own)
        }
    }
}

/// The condition behind `status_for_member`.
fn has_shown_status(statuses: &[CaseStatus], now: DateTime<Utc>) -> Condition {
    let others = statuses.iter().copied().filter(|status| *status != CaseStatus::Completed);
    let completed = |shown: Condition| Condition::all().add(Column::Status.eq(CaseStatus::Completed)).add(shown);
    let by_review = || column(Column::ReviewedAt).eq(column(Column::CompletedAt));
    let directly = || Condition::any().add(Column::ReviewedAt.is_null()).add(by_review().not());
    [
        (CaseStatus::Completed, released(now)),
        (CaseStatus::PendingReview, unreleased(now).add(by_review())),
        (CaseStatus::Accepted, unreleased(now).add(directly())),
    ]
    .into_iter()
    .filter(|(status, _)| statuses.contains(status))
    .fold(Condition::any().add(Column::Status.is_in(others)), |any, (_, shown)| any.add(completed(shown)))
}

/// The cases whose reports are hidden, for a row of another table that refers to one.
pub fn hides_result(hidden: Hidden, now: DateTime<Utc>) -> Condition {
    let unfinished = || has_shown_status(&[CaseStatus::Completed], now).not();
    match hidden {
        Hidden::Nowhere => Condition::all().add(Column::Id.is_null()),
        Hidden::Everywhere => unfinished(),
        Hidden::InCasesOf(id) => Condition::all().add(Column::MemberId.eq(id)).add(unfinished()),
    }
}

/// The time of the last change that is shown: `updated_at_for` of each row.
pub fn updated_at(hidden: Hidden) -> Expr {
    let shown = || Func::coalesce([column(Column::ShownUpdatedAt), column(Column::UpdatedAt)]);
    match hidden {
        Hidden::Nowhere => column(Column::UpdatedAt),
        Hidden::Everywhere => shown().into(),
        Hidden::InCasesOf(id) => Expr::case(Column::MemberId.eq(id), shown()).finally(column(Column::UpdatedAt)).into(),
    }
}

fn column(column: Column) -> Expr {
    Expr::col(column.as_column_ref())
}

/// Counts the changes that the member isn't shown, and keeps the time of the last one that is shown.
pub(super) fn keep(row: &mut ActiveModel, before: &Model, at: DateTime<Utc>) {
    let changed = Model {
        status: after(&row.status, before.status),
        completed_at: after(&row.completed_at, before.completed_at),
        reviewed_at: after(&row.reviewed_at, before.reviewed_at),
        scheduled_release_at: after(&row.scheduled_release_at, before.scheduled_release_at),
        released_at: after(&row.released_at, before.released_at),
        ..before.clone()
    };
    let is_secret = changed.status != before.status && changed.status_for_member(at) == before.status_for_member(at);
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
