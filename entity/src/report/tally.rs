//! Counts entries by bucket, type and outcome in one statement: most figures of the reports are sums of these counts.

use super::{EntryScope, Percent, bucket_number};
use crate::audit::{Action, Category, Outcome};
use crate::ledger::{By, ChangeColumn, Counted};
use crate::period::{Bucket, IdRange};
use crate::sql::Sql;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult};
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
    /// Of these, those by the service itself; not counted in a scope of cases.
    pub by_system: i64,
}

#[derive(FromQueryResult)]
struct Row {
    bucket_number: i32,
    action_type: String,
    outcome: String,
    entry_count: i64,
    on_cases: i64,
    by_system: i64,
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

/// Counts the entries in scope.
pub(super) async fn tallies<C: ConnectionTrait>(
    db: &C,
    counted: &Counted,
    buckets: &[Bucket],
    scope: &EntryScope,
) -> Result<Vec<Tally>, DbErr> {
    let by = scope.counted_by();
    let ranges: Vec<IdRange> = buckets.iter().map(|bucket| bucket.ids).collect();
    if by == By::Cases {
        return changes_of_cases(db, counted, &ranges, scope).await;
    }
    // Of the entries of an actor, none is by the service itself, which has no id.
    let by_system = match by {
        By::Actors => "0",
        _ => "SUM(CASE WHEN counted.actor_type = 'system' THEN counted.entry_count ELSE 0 END)",
    };
    let sql = format!(
        "SELECT counted.bucket_number, counted.action_type, counted.outcome, \
         CAST(SUM(counted.entry_count) AS BIGINT) AS entry_count, CAST(SUM(counted.on_cases) AS BIGINT) AS on_cases, \
         CAST({by_system} AS BIGINT) AS by_system FROM "
    );
    let sql = scope.relation(Sql::new(&sql), counted, by, &ranges);
    let sql =
        sql.text(" GROUP BY counted.bucket_number, counted.action_type, counted.outcome HAVING SUM(counted.entry_count) > 0");
    let rows: Vec<Row> = sql.all(db).await?;
    rows.into_iter().map(Tally::from_row).collect()
}

/// The successful changes to cases. The rollups count several actions in one column: a tally has the first of them, since the
/// report of case changes counts all of them alike. So such tallies can't be shown by type.
async fn changes_of_cases<C: ConnectionTrait>(
    db: &C,
    counted: &Counted,
    ranges: &[IdRange],
    scope: &EntryScope,
) -> Result<Vec<Tally>, DbErr> {
    let columns = ChangeColumn::ALL.map(|column| format!("CAST(SUM(counted.{0}) AS BIGINT) AS {0}", column.name()));
    let sql = Sql::new(&format!("SELECT counted.bucket_number, {} FROM ", columns.join(", ")));
    let sql = scope.relation(sql, counted, By::Cases, ranges).text(" GROUP BY counted.bucket_number");
    let rows: Vec<ChangesOfBucket> = sql.all(db).await?;
    Ok(rows.into_iter().flat_map(|ChangesOfBucket(tallies)| tallies).collect())
}

/// The tallies of a bucket.
struct ChangesOfBucket(Vec<Tally>);

impl FromQueryResult for ChangesOfBucket {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let bucket = bucket_number(row.try_get(prefix, "bucket_number")?)?;
        let tally = |column: ChangeColumn| {
            let count: i64 = row.try_get(prefix, column.name())?;
            let action = column.actions().next().filter(|_| count > 0);
            Ok(action.map(|action| Tally { bucket, action, outcome: Outcome::Success, count, on_cases: count, by_system: 0 }))
        };
        let tallies = ChangeColumn::ALL.into_iter().map(tally).collect::<Result<Vec<_>, DbErr>>()?;
        Ok(Self(tallies.into_iter().flatten().collect()))
    }
}

/// The number of entries in scope.
pub(super) async fn count<C: ConnectionTrait>(db: &C, counted: &Counted, ids: IdRange, scope: &EntryScope) -> Result<i64, DbErr> {
    let also = |sql: Sql, table: &'static str| scope.cases.conditions(sql, table);
    counted.count(db, scope.counted_by(), ids, &scope.wanted(), also).await
}

impl Tally {
    fn from_row(row: Row) -> Result<Self, DbErr> {
        let Row { bucket_number: number, action_type, outcome, entry_count, on_cases, by_system } = row;
        let ended = |code: &str| [Outcome::Success, Outcome::Failure, Outcome::Denied].into_iter().find(|o| o.code() == code);
        Ok(Self {
            bucket: bucket_number(number)?,
            action: Action::from_code(&action_type).ok_or_else(|| DbErr::Type(format!("action_type {action_type}")))?,
            outcome: ended(&outcome).ok_or_else(|| DbErr::Type(format!("outcome {outcome}")))?,
            count: entry_count,
            on_cases,
            by_system,
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

/// The number of entries in a list with a narrower scope, of the same actors and cases.
pub(super) fn matching(tallies: &[Tally], list: &EntryScope) -> i64 {
    let listed = |tally: &&Tally| {
        list.outcomes.contains(&tally.outcome) && list.actions.as_ref().is_none_or(|actions| actions.contains(&tally.action))
    };
    tallies.iter().filter(listed).map(|tally| tally.count).sum()
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
