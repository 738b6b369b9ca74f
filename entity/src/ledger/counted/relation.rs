//! The relation as SQL: a union of what is read from the rollups, of what is pending, of what is new to a later page, and of the
//! log.

use super::division::{Part, Rolled, Whole};
use super::{By, Counted, Wanted};
use crate::period::{Added, IdRange};
use crate::sql::{Sql, apart};
use chrono::NaiveDate;
use sea_orm::DbBackend;
use sea_orm::prelude::Uuid;

/// Up to this many parts are named one by one, so that each has its own range in the plan. A period has two ends.
const PARTS_MAX: usize = 2;

/// What is read in one branch of the relation.
enum Branch<'a> {
    Rolled(Rolled),
    Pending(&'a [Whole]),
    /// What was sealed after a sequence and must be subtracted.
    New(i64, &'a [Whole]),
    Log(&'a [Part]),
}

impl Counted {
    /// Appends the relation, with the name `counted`: `(SELECT …) AS counted`. Of a later page of a list it may also have rows of
    /// what is not counted, which sum to zero, and `last_at` may be the time of one of those. `also` adds conditions on the table
    /// with the name that it is given, each with an AND before it.
    pub fn relation(
        &self,
        sql: Sql,
        by: By,
        ranges: &[IdRange],
        wanted: &Wanted<'_>,
        also: impl Fn(Sql, &'static str) -> Sql,
    ) -> Sql {
        debug_assert!(by.can_count(wanted), "{by:?} has no rollups of {wanted:?}");
        let (whole, parts) = self.divided(by, ranges);
        let in_log = |sql: Sql| {
            let sql = if by == By::Cases { sql.text(" AND entry.case_id IS NOT NULL") } else { sql };
            also(wanted.conditions(sql, "entry"), "entry")
        };
        let numbers = Numbers::new(self.backend, &whole);
        let mut sql = named(sql.text("("), if numbers.is_some() { &[] } else { &whole }, &parts);
        let mut union = "";
        for branch in self.branches(by, &whole, &parts) {
            sql = sql.text(union);
            union = " UNION ALL ";
            sql = match branch {
                Branch::Rolled(rolled) => {
                    let sql = self.in_days(sql, by, &rolled, wanted, numbers.as_ref());
                    also(by.conditions_in_days(sql, wanted), "rolled")
                }
                Branch::Pending(whole) => {
                    let sql = self.found_in(sql, &by.of_entries(false), whole, numbers.as_ref(), |sql| sql.text("audit_pending"));
                    in_log(sql.seen(self.seen, Added::Entries, "entry"))
                }
                Branch::New(after, whole) => {
                    // All of them, in a form that is not read by the ids of the range.
                    let sql = self.found_in(sql, &by.of_entries(true), whole, numbers.as_ref(), |sql| {
                        sql.text("(SELECT entry_id FROM ledger_leaves WHERE sequence > ")
                            .value(after)
                            .text(apart(self.backend))
                            .text(")")
                    });
                    in_log(sql.unseen(self.seen, Added::Entries, "entry"))
                }
                Branch::Log(parts) => in_log(self.in_parts(sql, by, parts).seen(self.seen, Added::Entries, "entry")),
            };
        }
        sql.text(") AS counted")
    }

    fn branches<'a>(&self, by: By, whole: &'a [Whole], parts: &'a [Part]) -> Vec<Branch<'a>> {
        let mut branches = Vec::new();
        if !whole.is_empty() {
            branches.extend(Rolled::covering(by, whole).into_iter().map(Branch::Rolled));
            branches.push(Branch::Pending(whole));
            branches.extend(self.seen.and_then(|seen| seen.ledger()).map(|ledger| Branch::New(ledger.last_sequence, whole)));
        }
        match parts.len() > PARTS_MAX {
            true => branches.push(Branch::Log(parts)),
            false => branches.extend(parts.chunks(1).map(Branch::Log)),
        }
        branches
    }

    /// The rows of rollups. Of several ranges, PostgreSQL finds the number of a row by `Numbers`, SQLite by a join.
    fn in_days(&self, sql: Sql, by: By, rolled: &Rolled, wanted: &Wanted<'_>, numbers: Option<&Numbers>) -> Sql {
        let Rolled { table, date, days } = rolled;
        let (columns, generation) = (by.of_rollups(self.backend, wanted), self.state.generation);
        let of_generation =
            |sql: Sql| sql.text(&format!(", {columns} FROM {table} AS rolled WHERE rolled.generation = ")).value(generation);
        let between = |sql: Sql, first_day: NaiveDate, end_day: NaiveDate| {
            let sql = of_generation(sql);
            let sql = sql.text(&format!(" AND rolled.{date} >= ")).value(first_day);
            sql.text(&format!(" AND rolled.{date} < ")).value(end_day)
        };
        match (numbers, days.as_slice()) {
            (Some(numbers), _) => {
                let sql = numbers.select(sql.text("SELECT "), &format!("rolled.{date}"), Numbers::DAYS);
                between(sql, numbers.first.first_day, numbers.last.end_day)
            }
            (None, [all]) if all.has_all_days() => of_generation(sql.text(&format!("SELECT {} AS bucket_number", all.bucket))),
            (None, [Whole { bucket, first_day, end_day, .. }]) => {
                between(sql.text(&format!("SELECT {bucket} AS bucket_number")), *first_day, *end_day)
            }
            (None, _) => {
                let sql = sql.text(&format!("SELECT whole.bucket_number, {columns} FROM whole CROSS JOIN {table} AS rolled"));
                let sql = sql.text(" WHERE rolled.generation = ").value(generation);
                sql.text(&format!(" AND rolled.{date} >= whole.first_day AND rolled.{date} < whole.end_day"))
            }
        }
    }

    /// Entries that a small table leads to, each by its id: the range is of the ids in that table, since a range of ids of the
    /// log would be another way to find them, at the cost of all entries in it. OFFSET 0 keeps PostgreSQL to this order, also
    /// where its statistics are those of a moment with more of them. The numbers of ranges as in `in_days`.
    fn found_in(&self, sql: Sql, columns: &str, whole: &[Whole], numbers: Option<&Numbers>, table: impl Fn(Sql) -> Sql) -> Sql {
        let (entries, joined) = match self.backend {
            DbBackend::Postgres => (
                "LATERAL (SELECT entry.id, entry.xmin AS xmin, entry.action_type, entry.outcome, entry.actor_type, \
                 entry.actor_id, entry.actor_label, entry.case_id, entry.topic, entry.occurred_at FROM audit_entries AS entry \
                 WHERE entry.id = found.entry_id OFFSET 0) AS entry",
                "",
            ),
            _ => ("audit_entries AS entry", " AND entry.id = found.entry_id"),
        };
        let between = |sql: Sql, first_id: Uuid, end_id: Uuid| {
            let sql = table(sql.text(&format!(", {columns} FROM "))).text(" AS found CROSS JOIN ").text(entries);
            let sql = sql.text(" WHERE found.entry_id >= ").value(first_id);
            sql.text(" AND found.entry_id < ").value(end_id).text(joined)
        };
        match (numbers, whole) {
            (Some(numbers), _) => {
                let sql = numbers.select(sql.text("SELECT "), "found.entry_id", Numbers::IDS);
                between(sql, numbers.first.first_id, numbers.last.end_id)
            }
            (None, [Whole { bucket, first_id, end_id, .. }]) => {
                between(sql.text(&format!("SELECT {bucket} AS bucket_number")), *first_id, *end_id)
            }
            (None, _) => {
                let sql = table(sql.text(&format!("SELECT whole.bucket_number, {columns} FROM whole CROSS JOIN ")));
                let sql = sql.text(" AS found CROSS JOIN ").text(entries).text(" WHERE found.entry_id >= whole.first_id");
                sql.text(" AND found.entry_id < whole.end_id").text(joined)
            }
        }
    }

    fn in_parts(&self, sql: Sql, by: By, parts: &[Part]) -> Sql {
        let columns = by.of_entries(false);
        if let [Part { bucket, first_id, end_id }] = parts {
            let sql = sql.text(&format!("SELECT {bucket} AS bucket_number, {columns} FROM audit_entries AS entry"));
            return sql.text(" WHERE entry.id >= ").value(*first_id).text(" AND entry.id < ").value(*end_id);
        }
        let sql = sql.text(&format!("SELECT part.bucket_number, {columns} FROM part CROSS JOIN audit_entries AS entry"));
        let sql = sql.text(" WHERE entry.id >= part.first_id AND entry.id < part.end_id");
        // For PostgreSQL alone: it may start with the entries and would read those of all time. SQLite always starts with the
        // parts, and could use this range instead of theirs.
        match (self.backend, parts.first(), parts.last()) {
            (DbBackend::Postgres, Some(first), Some(last)) => {
                sql.text(" AND entry.id >= ").value(first.first_id).text(" AND entry.id < ").value(last.end_id)
            }
            _ => sql,
        }
    }
}

/// How PostgreSQL finds the number of the range that a row belongs to: by a binary search in the starts of ranges that follow
/// each other. A join with a list of the ranges would compare each row with each of them, and be planned anew for each length.
struct Numbers {
    first: Whole,
    last: Whole,
    first_days: String,
    first_ids: String,
}

/// What a row is found by: the type of the starts, and which they are.
type Starts = (&'static str, fn(&Numbers) -> &str);

impl Numbers {
    const DAYS: Starts = ("date", |numbers| &numbers.first_days);
    const IDS: Starts = ("uuid", |numbers| &numbers.first_ids);

    /// `None` for one range, whose number needs no search, and on SQLite. Several ranges are the buckets of a period, of which
    /// all but the first and the last have whole days, up to those of the next.
    fn new(backend: DbBackend, whole: &[Whole]) -> Option<Self> {
        let [first, .., last] = whole else { return None };
        if backend != DbBackend::Postgres {
            return None;
        }
        let follows = |pair: &[Whole]| match pair {
            [one, next] => (one.bucket + 1, one.end_day, one.end_id) == (next.bucket, next.first_day, next.first_id),
            _ => false,
        };
        debug_assert!(whole.windows(2).all(follows), "buckets with a gap: {whole:?}");
        let listed = |start: fn(&Whole) -> String| whole.iter().map(start).collect::<Vec<_>>().join(",");
        let (first_days, first_ids) = (listed(|range| range.first_day.to_string()), listed(|range| range.first_id.to_string()));
        Some(Self { first: *first, last: *last, first_days, first_ids })
    }

    /// Appends the number of a row's range as `bucket_number`. The list is parsed once per statement, in a subselect.
    fn select(&self, sql: Sql, column: &str, (starts, listed): Starts) -> Sql {
        let sql = sql.text(&format!("{} + width_bucket({column}, (SELECT string_to_array(", self.first.bucket));
        sql.value(listed(self)).text(&format!("::text, ',')::{starts}[])) - 1 AS bucket_number"))
    }
}

/// Names the days and the parts that are joined with a table. Within the parentheses, so that any statement may hold the
/// relation.
fn named(sql: Sql, whole: &[Whole], parts: &[Part]) -> Sql {
    let (has_days, has_parts) = (whole.len() > 1, parts.len() > PARTS_MAX);
    let sql = if has_days || has_parts { sql.text("WITH ") } else { sql };
    let sql = if has_days { sql.text("whole (bucket_number, first_day, end_day, first_id, end_id) AS (VALUES ") } else { sql };
    let days = if has_days { whole } else { &[] };
    let (sql, _) = days.iter().fold((sql, ""), |(sql, comma), Whole { bucket, first_day, end_day, first_id, end_id }| {
        let sql = sql.text(&format!("{comma}({bucket}, ")).value(*first_day).text(", ").value(*end_day);
        (sql.text(", ").value(*first_id).text(", ").value(*end_id).text(")"), ", ")
    });
    let sql = sql.text(if has_days { ") " } else { "" }).text(if has_days && has_parts { ", " } else { "" });
    let sql = if has_parts { sql.text("part (bucket_number, first_id, end_id) AS (VALUES ") } else { sql };
    let left = if has_parts { parts } else { &[] };
    let (sql, _) = left.iter().fold((sql, ""), |(sql, comma), Part { bucket, first_id, end_id }| {
        (sql.text(&format!("{comma}({bucket}, ")).value(*first_id).text(", ").value(*end_id).text(")"), ", ")
    });
    sql.text(if has_parts { ") " } else { "" })
}
