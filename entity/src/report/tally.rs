//! Counts entries by bucket, type and outcome in one statement: most figures of the reports are sums of these counts.

use super::sql::Sql;
use super::{Percent, Scope, bucket_number, per_bucket, seen_in, within};
use crate::audit::{Action, Category, Outcome};
use crate::period::{Added, Bucket, IdRange};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How often one action had one outcome within one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub bucket: usize,
    pub action: Action,
    pub outcome: Outcome,
    pub count: i64,
    /// Of these, those on a case.
    pub on_cases: i64,
    /// Of these, those by the service itself.
    pub by_system: i64,
    /// Of these, those by the actor that is filtered for.
    pub by_actor: i64,
    pub last_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    bucket_number: i32,
    action_type: String,
    outcome: String,
    entry_count: i64,
    on_cases: i64,
    by_system: i64,
    by_actor: i64,
    last_at: DateTime<Utc>,
}

/// How often an action of one type occurred, and its share of the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeCount {
    pub action: Action,
    pub count: i64,
    pub percent: Percent,
}

/// How often actions of one category occurred, and their share of the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CategoryCount {
    pub category: Category,
    pub count: i64,
    pub percent: Percent,
}

/// Counts the entries in scope. `actor_id` is counted separately and does not filter.
pub(super) async fn tallies<C: ConnectionTrait>(
    db: &C,
    buckets: &[Bucket],
    scope: &Scope,
    actor_id: Option<Uuid>,
) -> Result<Vec<Tally>, DbErr> {
    let sql = per_bucket(buckets).text(
        "SELECT bucket.bucket_number, entry.action_type, entry.outcome, COUNT(*) AS entry_count, \
         COUNT(entry.case_id) AS on_cases, COUNT(CASE WHEN entry.actor_type = 'system' THEN 1 END) AS by_system, \
         COUNT(CASE WHEN entry.actor_id = ",
    );
    let sql = sql.value(actor_id).text(
        " THEN 1 END) AS by_actor, MAX(entry.occurred_at) AS last_at FROM bucket CROSS JOIN audit_entries AS entry \
         WHERE entry.id >= bucket.first_id AND entry.id < bucket.end_id",
    );
    let sql = within(sql, db, "entry.id", buckets).seen(seen_in(buckets), Added::Entries, "entry");
    let sql = scope.facts(sql, scope.actions.clone());
    let rows: Vec<Row> = sql.text(" GROUP BY bucket.bucket_number, entry.action_type, entry.outcome").all(db).await?;
    rows.into_iter().map(Tally::from_row).collect()
}

/// The number of entries in scope.
pub async fn count<C: ConnectionTrait>(db: &C, ids: IdRange, scope: &Scope) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        entry_count: i64,
    }
    let sql = Sql::new("SELECT COUNT(*) AS entry_count FROM audit_entries AS entry WHERE ");
    let count: Option<Count> = scope.conditions(sql, ids, None).one(db).await?;
    Ok(count.map_or(0, |count| count.entry_count))
}

impl Tally {
    fn from_row(row: Row) -> Result<Self, DbErr> {
        let Row { bucket_number: number, action_type, outcome, entry_count, on_cases, by_system, by_actor, last_at } = row;
        let ended = |code: &str| [Outcome::Success, Outcome::Failure, Outcome::Denied].into_iter().find(|o| o.code() == code);
        Ok(Self {
            bucket: bucket_number(number)?,
            action: Action::from_code(&action_type).ok_or_else(|| DbErr::Type(format!("action_type {action_type}")))?,
            outcome: ended(&outcome).ok_or_else(|| DbErr::Type(format!("outcome {outcome}")))?,
            count: entry_count,
            on_cases,
            by_system,
            by_actor,
            last_at,
        })
    }

    pub fn was_done(&self) -> bool {
        self.outcome == Outcome::Success
    }
}

/// The sum of the counts of several tallies.
pub(super) fn total<'a>(tallies: impl Iterator<Item = &'a Tally>) -> i64 {
    tallies.map(|tally| tally.count).sum()
}

/// The number of entries in a list with a narrower scope. It may filter for the actor that the tallies were counted with.
pub(super) fn matching(tallies: &[Tally], list: &Scope, actor_id: Option<Uuid>) -> i64 {
    let listed = |tally: &&Tally| {
        list.outcomes.contains(&tally.outcome) && list.actions.as_ref().is_none_or(|actions| actions.contains(&tally.action))
    };
    tallies.iter().filter(listed).map(|tally| if actor_id.is_some() { tally.by_actor } else { tally.count }).sum()
}

/// The types of several tallies, the most frequent first.
pub(super) fn by_type<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Vec<TypeCount> {
    let mut counts: BTreeMap<&'static str, (Action, i64)> = BTreeMap::new();
    for tally in tallies {
        counts.entry(tally.action.code()).or_insert((tally.action, 0)).1 += tally.count;
    }
    let all: i64 = counts.values().map(|(_, count)| count).sum();
    let row = |(action, count)| TypeCount { action, count, percent: Percent::share(count, all) };
    let mut rows: Vec<TypeCount> = counts.into_values().map(row).collect();
    // A stable sort, so that equal counts stay in the order of their codes.
    rows.sort_by_key(|row| Reverse(row.count));
    rows
}

/// All categories with what several tallies count of them: the sums of the series by category.
pub(super) fn by_category<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Vec<CategoryCount> {
    let tallies: Vec<&Tally> = tallies.collect();
    let all = total(tallies.iter().copied());
    let row = |category: Category| {
        let count = total(tallies.iter().copied().filter(|tally| tally.action.category() == category));
        CategoryCount { category, count, percent: Percent::share(count, all) }
    };
    Category::all().map(row).collect()
}
