//! The five reports, computed from the audit log over a period: SQL in, plain structs out; all reads of one report see one
//! snapshot, and their number never depends on the data. Counts come from the rollups of whole days as far as there are any
//! (`ledger`), lists from the log.
//!
//! Statistics obey the period and the subject alone; every other filter narrows the list of entries and nothing else.

pub mod activity_summary;
pub mod case_changes;
pub mod change_actors;
pub mod changed_cases;
mod events;
mod percent;
pub mod quality_review;
pub mod system_events;
mod tally;
pub mod user_activity;
pub mod user_list;
pub mod workload;

pub use percent::Percent;
pub use tally::{CategoryCount, TypeCount};

use crate::audit::{Action, Outcome};
use crate::audit_entry;
use crate::clock;
use crate::ledger::{By, ChangeColumn, Counted, Wanted};
use crate::page::{Direction, Position};
use crate::period::{Added, Bucket, IdRange, Period, PeriodError, Seen};
use crate::sql::Sql;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryOrder, QueryResult, QuerySelect,
    Value,
};
use std::collections::HashMap;
use std::ops::Deref;
use std::slice;

/// The names of the reports on the audit log.
pub const NAMES: [&str; 5] =
    [activity_summary::NAME, user_activity::NAME, case_changes::NAME, quality_review::NAME, system_events::NAME];

/// One value of a time series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub bucket_start: DateTime<Utc>,
    /// The civil day on which the bucket starts.
    pub bucket_on: NaiveDate,
    pub series: &'static str,
    pub value: i64,
}

/// Why a report could not be computed: the period has too many buckets, or the database failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Period(#[from] PeriodError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEntry {
    pub row: audit_entry::Model,
    /// Its place in the sealed log; none until it is sealed.
    pub sequence: Option<i64>,
}

impl FromQueryResult for ListedEntry {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self { row: audit_entry::Model::from_query_result(row, prefix)?, sequence: row.try_get(prefix, "sequence")? })
    }
}

impl Deref for ListedEntry {
    type Target = audit_entry::Model;

    fn deref(&self) -> &audit_entry::Model {
        &self.row
    }
}

/// The requested part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPage {
    /// The last row of the previous page.
    pub after: Option<Position>,
    pub direction: Direction,
    pub limit: u64,
}

/// The type of the entries that a condition is for.
#[derive(Clone, Copy)]
enum Type {
    Any,
    One(Action),
    /// That of a row of `wanted`.
    Wanted,
}

/// The entries that a report covers. Its statistics count all of them; its list may show fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryScope {
    /// `None` for all types.
    pub actions: Option<Vec<Action>>,
    pub outcomes: Vec<Outcome>,
    pub actor_id: Option<Uuid>,
    pub cases: CaseScope,
}

/// The cases that a report covers, by what they are now. The default covers also what is about no case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseScope {
    pub case_id: Option<Uuid>,
    pub member_id: Option<Uuid>,
    pub workshop_code: Option<String>,
    pub assigned_to_id: Option<Uuid>,
}

impl EntryScope {
    /// Successful actions, of some types or of all.
    pub fn done(actions: Option<Vec<Action>>) -> Self {
        Self { actions, outcomes: vec![Outcome::Success], actor_id: None, cases: CaseScope::default() }
    }

    /// The conditions for an entry.
    fn conditions(&self, sql: Sql, ids: IdRange, which: Type) -> Sql {
        let sql = match which {
            Type::Any | Type::One(_) => sql.text("entry.id >= ").value(ids.from),
            // A range of ids whose bounds are not known yet is estimated to have very few entries, all of which PostgreSQL would
            // read and sort. Compared together with its type, the first id bounds the index as well, and is no part of a range.
            // With an actor or cases, other indexes are read, which only the id itself bounds.
            Type::Wanted if self.actor_id.is_some() || self.cases != CaseScope::default() => {
                sql.text("entry.action_type = wanted.action_type AND entry.id >= ").value(ids.from)
            }
            Type::Wanted => {
                let sql = sql.text("entry.action_type = wanted.action_type AND (entry.action_type, entry.id) >= ");
                sql.text("(wanted.action_type, ").value(ids.from).text(")")
            }
        };
        let sql = sql.text(" AND entry.id < ").value(ids.before).seen(ids.seen, Added::Entries, "entry");
        let actions = match &which {
            Type::One(action) => Some(slice::from_ref(action)),
            Type::Any | Type::Wanted => None,
        };
        self.cases.conditions(Wanted { actions, ..self.wanted() }.conditions(sql, "entry"), "entry")
    }

    /// What the entries in scope are counted by. Those of one actor on some cases are in no rollup: they are counted in the log,
    /// through the index of the actor or of the cases.
    fn counted_by(&self) -> By {
        match (self.cases == CaseScope::default(), self.actor_id) {
            (true, None) => By::Types,
            (true, Some(_)) => By::Actors,
            (false, None) if self.are_case_changes() => By::Cases,
            (false, _) => By::Entries,
        }
    }

    /// Whether the rollups of cases hold everything in scope: they have a column for several actions, of which all or none must
    /// be in scope.
    fn are_case_changes(&self) -> bool {
        let are_columns = |actions: &Vec<Action>| {
            let column = |action: &Action| ChangeColumn::counting(*action);
            actions.iter().all(|action| column(action).is_some_and(|column| column.actions().all(|a| actions.contains(&a))))
        };
        self.outcomes == [Outcome::Success] && self.actions.as_ref().is_some_and(are_columns)
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted { actions: self.actions.as_deref(), outcomes: &self.outcomes, actor_id: self.actor_id }
    }

    /// Appends the relation of what is in scope, to count from; its name is `counted`.
    fn relation(&self, sql: Sql, counted: &Counted, by: By, ranges: &[IdRange]) -> Sql {
        counted.relation(sql, by, ranges, &self.wanted(), |sql, table| self.cases.conditions(sql, table))
    }
}

impl CaseScope {
    /// The conditions for the rows of a table. An entry doesn't say whose case it is about, so that is looked up in the cases.
    fn conditions(&self, sql: Sql, table: &str) -> Sql {
        let sql = match self.case_id {
            Some(case_id) => sql.text(&format!(" AND {table}.case_id = ")).value(case_id),
            None => sql,
        };
        let of_cases = |sql: Sql, column: &str, value: Option<Value>| match value {
            Some(value) => {
                let sql = sql.text(&format!(" AND {table}.case_id IN (SELECT cases.id FROM cases WHERE cases.{column} = "));
                sql.value(value).text(")")
            }
            None => sql,
        };
        let sql = of_cases(sql, "member_id", self.member_id.map(Value::from));
        let sql = of_cases(sql, "workshop_code", self.workshop_code.clone().map(Value::from));
        of_cases(sql, "assigned_to_id", self.assigned_to_id.map(Value::from))
    }
}

/// The number of entries in scope.
pub async fn count<C: ConnectionTrait>(db: &C, period: &Period, scope: &EntryScope) -> Result<i64, DbErr> {
    tally::count(db, &counted(db, period).await?, period.ids(), scope).await
}

/// How entries of a period are counted.
async fn counted<C: ConnectionTrait>(db: &C, period: &Period) -> Result<Counted, DbErr> {
    Counted::new(db, period.zone, period.ids().seen).await
}

/// The time of the first entry in the audit log.
pub async fn first_entry_at<C: ConnectionTrait>(db: &C) -> Result<Option<DateTime<Utc>>, DbErr> {
    let first = audit_entry::Entity::find().select_only().column(audit_entry::Column::Id);
    let id: Option<Uuid> = first.order_by_asc(audit_entry::Column::Id).limit(1).into_tuple().one(db).await?;
    Ok(id.and_then(clock::instant_of))
}

/// One page of the entries in scope, plus one entry if there are more.
pub async fn entries<C: ConnectionTrait>(
    db: &C,
    ids: IdRange,
    scope: &EntryScope,
    paging: &ReportPage,
) -> Result<Vec<ListedEntry>, DbErr> {
    let (ids, last_in) = (paging.rest_of(ids), paging.order_and_limit());
    let columns: Vec<String> = audit_entry::Column::iter().map(|column| format!("entry.{}", column.as_str())).collect();
    // The sequence is looked up for the rows of the page alone, after they were chosen.
    let head = format!(
        "SELECT {}, (SELECT leaf.sequence FROM ledger_leaves AS leaf WHERE leaf.entry_id = entry.id) AS sequence \
         FROM audit_entries AS entry WHERE entry.id IN (SELECT id FROM (",
        columns.join(", ")
    );
    let last_of = |sql: Sql, which: Type| {
        let sql = sql.text("(SELECT entry.id FROM audit_entries AS entry WHERE ");
        scope.conditions(sql, ids, which).text(&last_in).text(") AS of_type")
    };
    let sql = match &scope.actions {
        Some(actions) if actions.is_empty() => return Ok(Vec::new()),
        Some(actions) => of_each_type(Sql::new(&head), db.get_database_backend(), actions, last_of),
        None => last_of(Sql::new(&head).text("SELECT id FROM "), Type::Any),
    };
    sql.text(") AS entry").text(&last_in).text(")").text(&last_in).all(db).await
}

/// Appends the ids of the last entries of each type, read through the index of types up to the limit: an `IN` over the types
/// would make SQLite sort all of their entries. PostgreSQL plans one branch and repeats it for each type, where a branch for each
/// of them would have to be planned.
fn of_each_type(sql: Sql, backend: DbBackend, actions: &[Action], last_of: impl Fn(Sql, Type) -> Sql) -> Sql {
    if backend == DbBackend::Postgres {
        let codes: Vec<&str> = actions.iter().map(|action| action.code()).collect();
        let sql = sql.text("SELECT of_type.id FROM unnest(string_to_array(").value(codes.join(","));
        return last_of(sql.text("::text, ',')) AS wanted (action_type) CROSS JOIN LATERAL "), Type::Wanted);
    }
    let each = |(sql, union): (Sql, &'static str), action: &Action| {
        (last_of(sql.text(union).text("SELECT id FROM "), Type::One(*action)), " UNION ALL ")
    };
    actions.iter().fold((sql, ""), each).0
}

impl ReportPage {
    /// The ids that remain after the previous page.
    fn rest_of(&self, ids: IdRange) -> IdRange {
        match (&self.after, self.direction) {
            (None, Direction::Ascending | Direction::Descending) => ids,
            (Some(last), Direction::Ascending) => {
                IdRange { from: ids.from.max(Uuid::from_u128(last.id.as_u128().saturating_add(1))), ..ids }
            }
            (Some(last), Direction::Descending) => IdRange { before: ids.before.min(last.id), ..ids },
        }
    }

    fn order_and_limit(&self) -> String {
        let direction = match self.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        // Within the statement, `entry` refers to whatever is listed at that point.
        format!(" ORDER BY entry.id {direction} LIMIT {}", self.limit.saturating_add(1))
    }
}

/// A time series: one row per bucket and series, zero where nothing happened.
fn series<'a>(
    buckets: &[Bucket],
    names: impl Iterator<Item = &'static str>,
    counts: impl Iterator<Item = (usize, &'a str, i64)>,
) -> Vec<Point> {
    let mut found: HashMap<(usize, &str), i64> = HashMap::new();
    for (bucket, name, count) in counts {
        *found.entry((bucket, name)).or_default() += count;
    }
    let names: Vec<&'static str> = names.collect();
    let rows = buckets.iter().enumerate().flat_map(|(number, bucket)| names.iter().map(move |name| (number, bucket, *name)));
    rows.map(|(number, bucket, series)| {
        let value = found.get(&(number, series)).copied().unwrap_or_default();
        Point { bucket_start: bucket.start, bucket_on: bucket.on, series, value }
    })
    .collect()
}

/// The start of a statement that reads rows bucket by bucket: each bucket is a range of the primary key, so that the civil days
/// of a time zone are exact on a database without time zones.
fn per_bucket(buckets: &[Bucket]) -> Sql {
    let with = Sql::new("WITH bucket (bucket_number, first_id, end_id) AS (VALUES ");
    let (sql, _) = buckets.iter().enumerate().fold((with, ""), |(sql, comma), (number, bucket)| {
        let sql = sql.text(comma).text(&format!("({number}, ")).value(bucket.ids.from).text(", ");
        (sql.value(bucket.ids.before).text(")"), ", ")
    });
    sql.text(") ")
}

/// The range of all buckets, for PostgreSQL alone: it may start with the rows and would read those of all time. SQLite always
/// starts with the buckets, and could use this range instead of theirs.
fn within<C: ConnectionTrait>(sql: Sql, db: &C, id: &str, buckets: &[Bucket]) -> Sql {
    match (db.get_database_backend(), buckets.first(), buckets.last()) {
        (DbBackend::Postgres, Some(first), Some(last)) => {
            let sql = sql.text(&format!(" AND {id} >= ")).value(first.ids.from);
            sql.text(&format!(" AND {id} < ")).value(last.ids.before)
        }
        _ => sql,
    }
}

/// What was seen of all buckets.
fn seen_in(buckets: &[Bucket]) -> Option<Seen> {
    buckets.first().and_then(|bucket| bucket.ids.seen)
}

/// The number of a bucket as returned by the database.
fn bucket_number(number: i32) -> Result<usize, DbErr> {
    usize::try_from(number).map_err(|_| DbErr::Type(format!("bucket {number}")))
}
