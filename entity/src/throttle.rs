//! Counts failed guesses of passwords and refresh tokens, and requested email addresses that turned out to be taken, and
//! determines how long the next attempt has to wait; an attempt is counted before it is checked, so that concurrent attempts
//! can't bypass the limit, and a success reverts its count.

use crate::audit::{AuditTx, Unaudited, Verb};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict, Query};
use sea_orm::{Condition, IntoActiveModel, Order, QueryOrder, QuerySelect};

/// Failures count for one day, from the first one on.
const WINDOW: TimeDelta = TimeDelta::hours(24);
/// The maximum number of stored counters: guessing made-up names can't fill the database.
pub const KEPT_MAX: u64 = 100_000;
/// How many counters `forget_old` and `forget_surplus` delete in one transaction.
pub const FORGOTTEN_AT_ONCE: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_throttles")]
pub struct Model {
    /// `Counter::key`
    #[sea_orm(primary_key, auto_increment = false)]
    pub throttle_key: String,
    /// The key of the counter that this one belongs to.
    pub account_key: String,
    /// Attempts in this window that failed or aren't decided yet.
    pub failed_count: i32,
    /// Until this time no attempt is checked.
    pub waits_until: chrono::DateTime<chrono::Utc>,
    /// At this time the count restarts.
    pub resets_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "it only counts attempts, each of which has its own audit entry";
    const VERBS: &'static [Verb] = &[Verb::Insert, Verb::Update, Verb::Delete];
}

/// How the waiting times grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// One account, from any address: blocked for the rest of the window after a hundred failures.
    Account,
    /// One account from one address: has to wait from the first failure on.
    Pair,
    /// One address that presents unknown refresh tokens. Never blocked: it may be shared by a whole office.
    Address,
    /// One account that requests email addresses: blocked for the rest of the window after ten that belong to other users.
    Mailbox,
}

/// The consequence of a number of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    None,
    Seconds(i64),
    UntilReset,
}

impl Schedule {
    /// The waiting times of kanidm's password policy.
    const fn wait(self, failures: i32) -> Wait {
        match (self, failures) {
            (_, ..=0) | (Self::Account, 1..=99) | (Self::Mailbox, 1..=9) => Wait::None,
            (Self::Pair | Self::Address, 1..=2) => Wait::Seconds(1),
            (Self::Pair | Self::Address, 3..=8) => Wait::Seconds(3),
            (Self::Pair | Self::Address, 9..=24) => Wait::Seconds(5),
            (Self::Pair, 25..=99) | (Self::Address, 25..) => Wait::Seconds(10),
            (Self::Account | Self::Pair, 100..) | (Self::Mailbox, 10..) => Wait::UntilReset,
        }
    }
}

/// A counter of failures.
#[derive(Clone, Debug)]
pub struct Counter {
    /// A letter for the kind and a keyed digest, since a name may be a password that was typed into the wrong field. The letters
    /// determine the lock order: an account before its pairs.
    pub key: String,
    pub schedule: Schedule,
}

/// Counts an attempt in all of `counters`, the first of which is the account that the others belong to. `Some`: the attempt has
/// to wait until then, and was not counted.
pub async fn spend(tx: &AuditTx, counters: &[Counter]) -> Result<Option<DateTime<Utc>>, DbErr> {
    let now = tx.now();
    let Some(account) = counters.first() else { return Ok(None) };
    let fresh = counters.iter().map(|counter| ActiveModel {
        throttle_key: Set(counter.key.clone()),
        account_key: Set(account.key.clone()),
        failed_count: Set(0),
        waits_until: Set(now),
        resets_at: Set(now),
    });
    let keep = OnConflict::column(Column::ThrottleKey).do_nothing().to_owned();
    #[expect(clippy::disallowed_methods, reason = "unaudited counters")]
    Entity::insert_many(fresh).on_conflict(keep).exec_without_returning(tx).await?;
    let ours = Column::ThrottleKey.is_in(counters.iter().map(|counter| counter.key.as_str()));
    let rows = Entity::find().filter(ours).order_by_asc(Column::ThrottleKey).lock_exclusive().all(tx).await?;
    let waits = rows.iter().filter(|row| row.is_running(now) && row.waits_until > now).map(|row| row.waits_until);
    if let Some(until) = waits.max() {
        return Ok(Some(until));
    }
    for row in rows {
        let schedule = counters.iter().find(|counter| counter.key == row.throttle_key).map(|counter| counter.schedule);
        row.counted(schedule.unwrap_or(Schedule::Pair), now).update(tx).await?;
    }
    Ok(None)
}

/// The time until which no attempt is checked, if attempts have to wait.
pub async fn waits_until(tx: &AuditTx, counter: &Counter) -> Result<Option<DateTime<Utc>>, DbErr> {
    let now = tx.now();
    let row = Entity::find_by_id(&counter.key).one(tx).await?;
    Ok(row.filter(|row| row.is_running(now) && row.waits_until > now).map(|row| row.waits_until))
}

/// Reverts what `spend` counted: the attempt succeeded. Its own pair restarts; the account keeps its other failures.
pub async fn give_back(tx: &AuditTx, counters: &[Counter]) -> Result<(), DbErr> {
    for counter in counters {
        match counter.schedule {
            Schedule::Account | Schedule::Mailbox => {
                #[expect(clippy::disallowed_methods, reason = "an unaudited counter")]
                let counted =
                    Entity::update_many().filter(Column::ThrottleKey.eq(&counter.key)).filter(Column::FailedCount.gt(0));
                let one_less = counted.col_expr(Column::FailedCount, Expr::col(Column::FailedCount).sub(1));
                one_less.col_expr(Column::WaitsUntil, Expr::value(tx.now())).exec(tx).await?;
            }
            Schedule::Pair | Schedule::Address => {
                #[expect(clippy::disallowed_methods, reason = "an unaudited counter")]
                Entity::delete_by_id(&counter.key).exec(tx).await?;
            }
        }
    }
    Ok(())
}

/// Deletes all counters of an account.
pub async fn forget(tx: &AuditTx, account_key: &str) -> Result<(), DbErr> {
    // The account's own row first: counting an attempt locks it first, too.
    #[expect(clippy::disallowed_methods, reason = "unaudited counters")]
    Entity::delete_by_id(account_key).exec(tx).await?;
    #[expect(clippy::disallowed_methods, reason = "unaudited counters")]
    Entity::delete_many().filter(Column::AccountKey.eq(account_key)).exec(tx).await.map(drop)
}

/// Deletes counters whose window has ended; returns their number.
pub async fn forget_old(tx: &AuditTx) -> Result<u64, DbErr> {
    let over = Condition::any().add(Column::ResetsAt.lte(tx.now())).add(Column::ResetsAt.gt(tx.now() + WINDOW * 2));
    let mut old = Query::select();
    old.column(Column::ThrottleKey).from(Entity).cond_where(over).limit(FORGOTTEN_AT_ONCE);
    delete(tx, old).await
}

/// Deletes counters beyond `KEPT_MAX`, those with the fewest failures first; returns their number.
pub async fn forget_surplus(tx: &AuditTx) -> Result<u64, DbErr> {
    if Entity::find().count(tx).await? <= KEPT_MAX {
        return Ok(0);
    }
    let mut surplus = Query::select();
    surplus.column(Column::ThrottleKey).from(Entity);
    surplus.order_by(Column::FailedCount, Order::Desc).order_by(Column::ResetsAt, Order::Desc);
    surplus.offset(KEPT_MAX).limit(FORGOTTEN_AT_ONCE);
    delete(tx, surplus).await
}

async fn delete(tx: &AuditTx, which: sea_orm::sea_query::SelectStatement) -> Result<u64, DbErr> {
    #[expect(clippy::disallowed_methods, reason = "unaudited counters")]
    let counters = Entity::delete_many();
    Ok(counters.filter(Column::ThrottleKey.in_subquery(which)).exec(tx).await?.rows_affected)
}

impl Model {
    /// Whether its window is still running. A window that ends later than two days from now was started by a wrong clock; the
    /// clocks of replicas may differ by less.
    fn is_running(&self, now: DateTime<Utc>) -> bool {
        now < self.resets_at && self.resets_at - now <= WINDOW * 2
    }

    /// The row with one more attempt.
    fn counted(self, schedule: Schedule, now: DateTime<Utc>) -> ActiveModel {
        let (failures, resets_at) =
            if self.is_running(now) { (self.failed_count.saturating_add(1), self.resets_at) } else { (1, now + WINDOW) };
        let waits_until = match schedule.wait(failures) {
            Wait::None => now,
            Wait::Seconds(seconds) => now + TimeDelta::seconds(seconds),
            Wait::UntilReset => resets_at,
        };
        let mut next = self.into_active_model();
        next.failed_count = Set(failures);
        next.waits_until = Set(waits_until);
        next.resets_at = Set(resets_at);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_with_the_failures() {
        use Wait::{None, Seconds, UntilReset};
        for (failures, account, pair, address, mailbox) in [
            (0, None, None, None, None),
            (1, None, Seconds(1), Seconds(1), None),
            (2, None, Seconds(1), Seconds(1), None),
            (3, None, Seconds(3), Seconds(3), None),
            (8, None, Seconds(3), Seconds(3), None),
            (9, None, Seconds(5), Seconds(5), None),
            (10, None, Seconds(5), Seconds(5), UntilReset),
            (24, None, Seconds(5), Seconds(5), UntilReset),
            (25, None, Seconds(10), Seconds(10), UntilReset),
            (99, None, Seconds(10), Seconds(10), UntilReset),
            (100, UntilReset, UntilReset, Seconds(10), UntilReset),
            (i32::MAX, UntilReset, UntilReset, Seconds(10), UntilReset),
        ] {
            let schedules = [Schedule::Account, Schedule::Pair, Schedule::Address, Schedule::Mailbox];
            assert_eq!(schedules.map(|schedule| schedule.wait(failures)), [account, pair, address, mailbox], "{failures}");
        }
    }

    #[test]
    fn a_count_restarts_a_day_after_its_first_failure_and_after_a_clock_error() {
        let now: DateTime<Utc> = "2026-12-01T15:00:00Z".parse().unwrap();
        let row = |resets_at| Model {
            throttle_key: "p".into(),
            account_key: "a".into(),
            failed_count: 30,
            waits_until: resets_at,
            resets_at,
        };
        for (resets_at, failures, resets) in [
            (now + TimeDelta::milliseconds(1), 31, now + TimeDelta::milliseconds(1)),
            (now + WINDOW * 2, 31, now + WINDOW * 2),
            (now, 1, now + WINDOW),
            (now + WINDOW * 2 + TimeDelta::milliseconds(1), 1, now + WINDOW),
        ] {
            let next = row(resets_at).counted(Schedule::Pair, now);
            assert_eq!((next.failed_count, next.resets_at), (Set(failures), Set(resets)), "{resets_at}");
        }
    }
}
