//! Counts what repeats, per key and within a time, so that neither a flood of refusals nor a repeated reading floods the audit
//! log. What was only counted is reported by the next entry of the key, or by `report_counted` once the time is over.

mod events;
mod folded;
mod subject;

pub use subject::{ObjectKind, Subject};

use crate::audit::{AuditTx, Context, Event, Unaudited, Verb};
use crate::text;
use chrono::{DateTime, TimeDelta, Utc};
use folded::Folded;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType, OnConflict};
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    /// Who (a user, or a network), and what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_key: String,
    /// When the first entry of the current time was written. The column is older than times other than a minute.
    pub minute_started_at: chrono::DateTime<chrono::Utc>,
    /// How often it was seen in this time, recorded or only counted. The column is older than counting the latter too.
    #[sea_orm(column_name = "recorded_count")]
    pub seen_count: i32,
    /// What has only been counted since the last entry.
    pub folded_count: i32,
    /// When the time is over; null in rows of version 0.1.0, whose time is a minute.
    pub ends_at: Option<chrono::DateTime<chrono::Utc>>,
    /// What is known of all that was only counted, as JSON; null if nothing was.
    #[sea_orm(column_type = "Text", nullable)]
    pub folded: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "it only counts what audit entries later report as folded_count";
    const VERBS: &'static [Verb] = &[Verb::Insert, Verb::Update, Verb::Delete];
}

/// The length of `attempt_key`.
const KEY_LENGTH_MAX: usize = 120;
/// The time of counters that version 0.1.0 wrote.
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// A counter that began this far ahead of now was begun by a wrong clock; the clocks of replicas differ by less.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(1);
/// How many counters `report_counted` handles in one transaction.
pub const REPORTED_AT_ONCE: u64 = 100;

/// How many entries one key may write within how long. What is beyond that is only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    recorded_max: i32,
    within: TimeDelta,
}

impl Limit {
    /// Refused and failed attempts.
    pub const REFUSALS: Self = Self { recorded_max: 20, within: MINUTE };
    /// Readings of the same report, list or trail.
    pub const READINGS: Self = Self { recorded_max: 1, within: TimeDelta::minutes(15) };
    /// Ranges of the same document.
    pub const DOWNLOADS: Self = Self { recorded_max: 1, within: TimeDelta::minutes(15) };
    /// Views of the same case or user.
    pub const VIEWS: Self = Self { recorded_max: 1, within: TimeDelta::hours(1) };
    /// Requests for sealed entries, from whichever place.
    pub const FOLLOWING: Self = Self { recorded_max: 1, within: TimeDelta::hours(1) };
}

/// Records an event together with the number of those that were only counted before, unless the limit of its key is reached:
/// then it is only counted. `context` is the one that the transaction was begun with.
pub async fn record(tx: &AuditTx, context: &Context, key: &str, limit: Limit, event: Event) -> Result<(), DbErr> {
    let row = seen_again(tx, key, limit).await?;
    if row.is_over(tx.now()) {
        return begin_again(tx, row, limit, event).await;
    }
    if row.seen_count <= limit.recorded_max {
        return tx.record(event).await;
    }
    let (folded_count, folded) = (row.folded_count, row.folded.clone());
    let mut next = row.into_active_model();
    next.folded_count = Set(folded_count.saturating_add(1));
    next.folded = Set(Some(Folded::new(context, event).and(folded.as_deref()).text()?));
    next.update(tx).await.map(drop)
}

/// The same for an event that is always recorded: the time of its key begins anew.
pub async fn record_anew(tx: &AuditTx, key: &str, limit: Limit, event: Event) -> Result<(), DbErr> {
    let row = seen_again(tx, key, limit).await?;
    let is_first = row.seen_count == 1 && !row.is_over(tx.now());
    if is_first { tx.record(event).await } else { begin_again(tx, row, limit, event).await }
}

/// Begins a new time, with the entry that reports what was only counted in the last one.
async fn begin_again(tx: &AuditTx, row: Model, limit: Limit, event: Event) -> Result<(), DbErr> {
    let (now, folded_count) = (tx.now(), row.folded_count);
    let mut next = row.into_active_model();
    next.minute_started_at = Set(now);
    next.ends_at = Set(Some(now + limit.within));
    next.seen_count = Set(1);
    next.folded_count = Set(0);
    next.folded = Set(None);
    next.update(tx).await?;
    tx.record(event.folding(folded_count)).await
}

/// The counter of a key, with one more, locked; a new one if there is none. One statement: `report_counted` may delete the row at
/// any time before that.
async fn seen_again(tx: &AuditTx, key: &str, limit: Limit) -> Result<Model, DbErr> {
    let now = tx.now();
    let first = ActiveModel {
        attempt_key: Set(stored(key)),
        minute_started_at: Set(now),
        seen_count: Set(1),
        folded_count: Set(0),
        ends_at: Set(Some(now + limit.within)),
        folded: Set(None),
    };
    let one_more = Expr::col((Entity, Column::SeenCount)).add(1);
    let again = OnConflict::column(Column::AttemptKey).value(Column::SeenCount, one_more).to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited counter")]
    Entity::insert(first).on_conflict(again).exec_with_returning(tx).await
}

/// A key as it is stored: a digest of one that is too long, since two keys may begin alike.
fn stored(key: &str) -> String {
    if key.chars().count() <= KEY_LENGTH_MAX { key.to_owned() } else { text::sha256_hex(key.as_bytes()) }
}

/// Whether there are counters whose time is over.
pub async fn is_any_over<C: ConnectionTrait>(db: &C, now: DateTime<Utc>) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(over(now)).one(db).await?.is_some())
}

/// Deletes counters whose time is over, with an entry by the service for each that has counted anything since its last entry.
/// Returns the number of counters. Those that another transaction holds are left to it or to the next call.
pub async fn report_counted(tx: &AuditTx, context: &Context) -> Result<u64, DbErr> {
    let rows = Entity::find().filter(over(tx.now())).order_by_asc(Column::AttemptKey).limit(REPORTED_AT_ONCE);
    let rows = rows.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).all(tx).await?;
    let unreported = rows.iter().filter(|row| row.folded_count > 0);
    let unreported: Vec<_> = unreported.filter_map(|row| Some((Folded::of_row(row)?, row.folded_count))).collect();
    let people = tx.people(unreported.iter().filter_map(|(folded, _)| folded.person_id())).await?;
    for (folded, folded_count) in unreported {
        let (context, event) = folded.into_report(context, folded_count, &people);
        tx.record_as(&context, event).await?;
    }
    #[expect(clippy::disallowed_methods, reason = "unaudited counters")]
    let counters = Entity::delete_many();
    let keys = rows.into_iter().map(|row| row.attempt_key);
    Ok(counters.filter(Column::AttemptKey.is_in(keys)).exec(tx).await?.rows_affected)
}

/// The counters whose time is over.
fn over(now: DateTime<Utc>) -> Condition {
    let minute_is_over = Condition::all().add(Column::EndsAt.is_null()).add(Column::MinuteStartedAt.lte(now - MINUTE));
    let by_a_wrong_clock = Column::MinuteStartedAt.gt(now + AHEAD_MAX);
    Condition::any().add(Column::EndsAt.lte(now)).add(minute_is_over).add(by_a_wrong_clock)
}

impl Model {
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        let ends_at = self.ends_at.unwrap_or(self.minute_started_at + MINUTE);
        now >= ends_at || self.minute_started_at - now > AHEAD_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stored_as_it_is_unless_it_is_too_long() {
        let (long, other) = ("k".repeat(KEY_LENGTH_MAX + 1), "k".repeat(KEY_LENGTH_MAX) + "l");
        assert_eq!(stored("192.0.2.7 login"), "192.0.2.7 login");
        assert_eq!(stored(&"ü".repeat(KEY_LENGTH_MAX)), "ü".repeat(KEY_LENGTH_MAX));
        assert!(stored(&long).len() <= KEY_LENGTH_MAX && stored(&long) != stored(&other));
    }

    #[test]
    fn a_time_is_over_at_its_end_and_after_a_clock_error() {
        let now: DateTime<Utc> = "2026-12-01T15:00:00Z".parse().unwrap();
        let row = |started: TimeDelta, ends: Option<TimeDelta>| Model {
            attempt_key: "k".into(),
            minute_started_at: now + started,
            seen_count: 1,
            folded_count: 0,
            ends_at: ends.map(|ends| now + ends),
            folded: None,
        };
        for (started, ends, is_over) in [
            (TimeDelta::zero(), Some(MINUTE), false),
            (-MINUTE, Some(TimeDelta::zero()), true),
            (-MINUTE, Some(TimeDelta::milliseconds(1)), false),
            (-MINUTE, None, true),
            (TimeDelta::milliseconds(1) - MINUTE, None, false),
            (AHEAD_MAX, Some(AHEAD_MAX * 2), false),
            (AHEAD_MAX + TimeDelta::milliseconds(1), Some(AHEAD_MAX * 2), true),
        ] {
            assert_eq!(row(started, ends).is_over(now), is_over, "{started} {ends:?}");
        }
    }
}
