//! The relation that counts are read from: the rollups of whole civil days, and the entries that no rollup holds.
//!
//! A range of ids is divided exactly. The civil days that are in it from their start to their end are read from the rollups,
//! and so are those of their entries that are still pending, from the log; what remains at either end of the range is read from
//! the log. A batch is sealed in one transaction, so that in one snapshot each entry is counted once. The number of rows
//! depends on the days and on what is pending, not on the number of entries.
//!
//! Before the first entry and after the last one there is nothing to count, so a range that ends there is read as if it ended
//! with the civil day: a period until now reads no entries but those that are pending.
//!
//! A later page of a list divides the range as its first page did. What was sealed since then is known by its sequence, and is
//! subtracted where the first page could not see it: the number of rows depends on what happened between the two pages.

use super::rollup::{actor_day, case_day, type_day};
use super::{State, state};
use crate::audit::{Action, Outcome};
use crate::clock::{bound_at, floor_id, instant_of};
use crate::period::{Added, IdRange, LedgerExtent, Seen, civil_day, start_of_day};
use crate::sql::{Sql, apart};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityName, FromQueryResult};

/// What entries are counted by: the columns of the relation besides `bucket_number`, the place of the range in the list of
/// ranges, and `entry_count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `action_type`, `outcome`, `actor_type`, `on_cases`, `last_at`.
    Types,
    /// `actor_id`, `actor_label`, `action_type`, `outcome`, `topic`, `on_cases`, `last_at`.
    Actors,
    /// `case_id`, `action_type`. Holds only successful changes to cases.
    Cases,
    /// The columns of `Types`, from the log alone: for conditions that no rollup has a column for.
    Entries,
}

/// Which entries are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// `None` for all actions.
    pub actions: Option<&'a [Action]>,
    /// Empty for all outcomes.
    pub outcomes: &'a [Outcome],
    pub actor_id: Option<Uuid>,
}

/// How entries are counted in one snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    backend: DbBackend,
    state: State,
    edges: Edges,
    /// What the first page of a list could see; `None` for a first page.
    seen: Option<Seen>,
    /// The time zone of the days; `None` if everything is read from the log.
    days: Option<Tz>,
}

/// The log as the snapshot has it.
#[derive(Clone, Copy, Debug, FromQueryResult)]
struct Edges {
    first_id: Option<Uuid>,
    last_id: Option<Uuid>,
    pending_count: i64,
}

/// Whole civil days in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Whole {
    bucket: usize,
    first_day: NaiveDate,
    /// The day after the last one.
    end_day: NaiveDate,
    first_id: Uuid,
    end_id: Uuid,
}

/// A range, or what is left of it, that is read from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    bucket: usize,
    first_id: Uuid,
    end_id: Uuid,
}

/// The days of a range without a start, and of one without an end. Written as text they sort as dates do.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(1900, 1, 1);
const END_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(9999, 12, 31);

/// How many entries may be new to a later page: of more, the period alone may have fewer.
const NEW_MAX: i64 = 50_000;

/// Up to this many parts are named one by one, so that each has its own range in the plan. A period has two ends.
const PARTS_MAX: usize = 2;

/// The number of entries that match: of a range of whole days, or of one that is open on either side. An empty list of outcomes
/// is all of them.
///
/// `None` if the rollups don't say, so that entries would have to be counted: the range has parts of days, or the rollups are
/// being built. `db` is a snapshot.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn counted_total<C: ConnectionTrait>(
    db: &C,
    ids: IdRange,
    actions: Option<Vec<Action>>,
    outcomes: Vec<Outcome>,
    actor_id: Option<Uuid>,
) -> Result<Option<u64>, DbErr> {
    let counted = Counted::by_their_days(db, ids.seen).await?;
    let by = if actor_id.is_some() { By::Actors } else { By::Types };
    if counted.days.is_none() || !counted.divided(by, &[ids]).1.is_empty() {
        return Ok(None);
    }
    let wanted = Wanted { actions: actions.as_deref(), outcomes: &outcomes, actor_id };
    let total = counted.count(db, by, ids, &wanted, |sql, _| sql).await?;
    Ok(u64::try_from(total).ok())
}

impl Counted {
    /// How entries are counted by the civil days of a time zone; from the log alone if the rollups have other days, are not
    /// complete, or hold more than what was seen and `seen` doesn't say what, or far more. Two statements; `db` is a snapshot.
    pub async fn new<C: ConnectionTrait>(db: &C, zone: Tz, seen: Option<Seen>) -> Result<Self, DbErr> {
        let counted = Self::of_snapshot(db, seen).await?;
        Ok(counted.in_days_of(zone))
    }

    /// The same by the days that the rollups have.
    pub async fn by_their_days<C: ConnectionTrait>(db: &C, seen: Option<Seen>) -> Result<Self, DbErr> {
        let counted = Self::of_snapshot(db, seen).await?;
        Ok(match counted.state.zone.parse() {
            Ok(zone) => counted.in_days_of(zone),
            Err(_) => counted,
        })
    }

    /// From the log alone.
    async fn of_snapshot<C: ConnectionTrait>(db: &C, seen: Option<Seen>) -> Result<Self, DbErr> {
        let state = state(db).await?;
        let edges = Sql::new(
            "SELECT (SELECT id FROM audit_entries ORDER BY id LIMIT 1) AS first_id, \
             (SELECT id FROM audit_entries ORDER BY id DESC LIMIT 1) AS last_id, \
             (SELECT COUNT(*) FROM audit_pending) AS pending_count",
        );
        let edges: Edges = edges.one(db).await?.ok_or_else(|| DbErr::RecordNotFound("audit_pending".to_owned()))?;
        Ok(Self { backend: db.get_database_backend(), state, edges, seen, days: None })
    }

    fn in_days_of(self, zone: Tz) -> Self {
        let is_recent = |ledger: LedgerExtent| self.state.last_sequence - ledger.last_sequence <= NEW_MAX;
        let is_known = self.seen.is_none_or(|seen| seen.ledger().is_some_and(is_recent));
        let days = Some(zone).filter(|zone| is_known && self.state.is_ready(zone.name()));
        Self { days, ..self }
    }

    /// Whether the rollups are read.
    pub fn has_days(&self) -> bool {
        self.days.is_some()
    }

    /// The number of all entries: those that are sealed, pending, or from before the ledger and not sealed yet. Counts
    /// entries one by one only while some of the latter are left.
    pub async fn entries_total<C: ConnectionTrait>(&self, db: &C) -> Result<i64, DbErr> {
        if self.state.history_done {
            return Ok(self.state.last_sequence + self.edges.pending_count);
        }
        // Nothing else is sealed before the history is: what is not sealed is either pending, or comes after its last entry.
        let after = self.state.history_after.unwrap_or_default();
        let sql = Sql::new("SELECT (SELECT COUNT(*) FROM audit_entries AS entry WHERE entry.id > ").value(after);
        let sql = sql.text(") + (SELECT COUNT(*) FROM audit_pending WHERE entry_id <= ").value(after).text(") AS entry_count");
        Ok(self.state.last_sequence + one_count(sql, db).await?)
    }

    /// The time of the first entry.
    pub fn oldest_entry_at(&self) -> Option<DateTime<Utc>> {
        self.edges.first_id.and_then(instant_of)
    }

    /// The number of entries in a range.
    pub async fn count<C: ConnectionTrait>(
        &self,
        db: &C,
        by: By,
        ids: IdRange,
        wanted: &Wanted<'_>,
        also: impl Fn(Sql, &'static str) -> Sql,
    ) -> Result<i64, DbErr> {
        let sql = Sql::new("SELECT CAST(COALESCE(SUM(counted.entry_count), 0) AS BIGINT) AS entry_count FROM ");
        one_count(self.relation(sql, by, &[ids], wanted, also), db).await
    }

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
        let (whole, parts) = self.divided(by, ranges);
        let in_log = |sql: Sql| {
            let sql = if by == By::Cases { sql.text(" AND entry.case_id IS NOT NULL") } else { sql };
            also(wanted.conditions(sql, "entry"), "entry")
        };
        // The rollups of cases have no outcome.
        let in_days = Wanted { outcomes: if by == By::Cases { &[] } else { wanted.outcomes }, ..*wanted };
        let mut sql = named(sql.text("("), &whole, &parts);
        let mut union = "";
        for branch in self.branches(&whole, &parts) {
            sql = sql.text(union);
            union = " UNION ALL ";
            sql = match branch {
                Branch::Rolled(whole) => also(in_days.conditions(self.in_days(sql, by, whole), "rolled"), "rolled"),
                Branch::Pending(whole) => {
                    let sql = self.found_in(sql, &by.of_entries(false), whole, |sql| sql.text("audit_pending"));
                    in_log(sql.seen(self.seen, Added::Entries, "entry"))
                }
                Branch::New(after, whole) => {
                    // All of them, in a form that is not read by the ids of the range.
                    let sql = self.found_in(sql, &by.of_entries(true), whole, |sql| {
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

    /// The whole days of each range, and what is left at its ends. Without rollups all of it is left.
    fn divided(&self, by: By, ranges: &[IdRange]) -> (Vec<Whole>, Vec<Part>) {
        let (mut days, mut parts) = (Vec::new(), Vec::new());
        for (bucket, ids) in ranges.iter().enumerate() {
            let part = |first_id, end_id| Some(Part { bucket, first_id, end_id }).filter(|part| part.first_id < part.end_id);
            match self.whole(by, bucket, *ids) {
                Some(whole) => {
                    parts.extend(part(ids.from, whole.first_id));
                    days.push(whole);
                    parts.extend(part(whole.end_id, ids.before));
                }
                None => parts.extend(part(ids.from, ids.before)),
            }
        }
        if days.is_empty() && parts.is_empty() {
            parts.push(Part { bucket: 0, first_id: Uuid::nil(), end_id: Uuid::nil() });
        }
        (days, parts)
    }

    /// The civil days that a range has as a whole, or as far as there are entries.
    fn whole(&self, by: By, bucket: usize, ids: IdRange) -> Option<Whole> {
        let zone = self.days.filter(|_| by != By::Entries)?;
        let starting = |day: NaiveDate| (day, floor_id(start_of_day(day, zone)));
        let (first_day, first_id) = if ids.from.is_nil() {
            (FIRST_DAY?, ids.from)
        } else {
            let (day, start) = starting(civil_day(bound_at(ids.from), zone));
            let is_whole = start >= ids.from || self.edges.first_id.is_none_or(|first| ids.from <= first);
            if is_whole { (day, start) } else { starting(day.succ_opt()?) }
        };
        let (end_day, end_id) = if ids.before.is_max() {
            (END_DAY?, ids.before)
        } else {
            let (day, start) = starting(civil_day(bound_at(ids.before), zone));
            let is_whole = start < ids.before && self.last_seen_id().is_none_or(|last| last < ids.before);
            if is_whole { starting(day.succ_opt()?) } else { (day, start) }
        };
        Some(Whole { bucket, first_day, end_day, first_id, end_id }).filter(|whole| whole.first_day < whole.end_day)
    }

    /// The last entry that the first page of a list could see.
    fn last_seen_id(&self) -> Option<Uuid> {
        self.seen.and_then(|seen| seen.ledger()).map(|ledger| ledger.last_id).or(self.edges.last_id)
    }

    fn branches<'a>(&self, whole: &'a [Whole], parts: &'a [Part]) -> Vec<Branch<'a>> {
        let mut branches = Vec::new();
        if !whole.is_empty() {
            branches.extend([Branch::Rolled(whole), Branch::Pending(whole)]);
            branches.extend(self.seen.and_then(|seen| seen.ledger()).map(|ledger| Branch::New(ledger.last_sequence, whole)));
        }
        match parts.len() > PARTS_MAX {
            true => branches.push(Branch::Log(parts)),
            false => branches.extend(parts.chunks(1).map(Branch::Log)),
        }
        branches
    }

    fn in_days(&self, sql: Sql, by: By, whole: &[Whole]) -> Sql {
        let (table, columns) = (by.table(), by.of_rollups(self.backend));
        let generation = self.state.generation;
        if let [Whole { bucket, first_day, end_day, .. }] = whole {
            let sql = sql.text(&format!("SELECT {bucket} AS bucket_number, {columns} FROM {table} AS rolled"));
            let sql = sql.text(" WHERE rolled.generation = ").value(generation);
            return sql.text(" AND rolled.day >= ").value(*first_day).text(" AND rolled.day < ").value(*end_day);
        }
        let sql = sql.text(&format!("SELECT whole.bucket_number, {columns} FROM whole CROSS JOIN {table} AS rolled"));
        let sql = sql.text(" WHERE rolled.generation = ").value(generation);
        let sql = sql.text(" AND rolled.day >= whole.first_day AND rolled.day < whole.end_day");
        // As for the log: PostgreSQL may start with the rows.
        match (self.backend, whole.first(), whole.last()) {
            (DbBackend::Postgres, Some(first), Some(last)) => {
                sql.text(" AND rolled.day >= ").value(first.first_day).text(" AND rolled.day < ").value(last.end_day)
            }
            _ => sql,
        }
    }

    /// Entries that a small table leads to, each by its id: the range is of the ids in that table, since a range of ids of the
    /// log would be another way to find them, at the cost of all entries in it. OFFSET 0 keeps PostgreSQL to this order, also
    /// where its statistics are those of a moment with more of them.
    fn found_in(&self, sql: Sql, columns: &str, whole: &[Whole], table: impl Fn(Sql) -> Sql) -> Sql {
        let (entries, joined) = match self.backend {
            DbBackend::Postgres => (
                "LATERAL (SELECT entry.id, entry.xmin AS xmin, entry.action_type, entry.outcome, entry.actor_type, \
                 entry.actor_id, entry.actor_label, entry.case_id, entry.topic, entry.occurred_at FROM audit_entries AS entry \
                 WHERE entry.id = found.entry_id OFFSET 0) AS entry",
                "",
            ),
            _ => ("audit_entries AS entry", " AND entry.id = found.entry_id"),
        };
        if let [Whole { bucket, first_id, end_id, .. }] = whole {
            let sql = table(sql.text(&format!("SELECT {bucket} AS bucket_number, {columns} FROM ")));
            let sql = sql.text(" AS found CROSS JOIN ").text(entries).text(" WHERE found.entry_id >= ").value(*first_id);
            return sql.text(" AND found.entry_id < ").value(*end_id).text(joined);
        }
        let sql = table(sql.text(&format!("SELECT whole.bucket_number, {columns} FROM whole CROSS JOIN ")));
        let sql = sql.text(" AS found CROSS JOIN ").text(entries).text(" WHERE found.entry_id >= whole.first_id");
        sql.text(" AND found.entry_id < whole.end_id").text(joined)
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

/// What is read in one branch of the relation.
enum Branch<'a> {
    Rolled(&'a [Whole]),
    Pending(&'a [Whole]),
    /// What was sealed after a sequence and must be subtracted.
    New(i64, &'a [Whole]),
    Log(&'a [Part]),
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

impl Wanted<'_> {
    /// The conditions on a table, each with ` AND ` before it.
    pub fn conditions(&self, sql: Sql, name: &str) -> Sql {
        let sql = match self.outcomes {
            [] => sql,
            outcomes => {
                let sql = sql.text(&format!(" AND {name}.outcome IN ("));
                sql.values(outcomes.iter().map(|outcome| outcome.code())).text(")")
            }
        };
        let sql = match self.actions {
            // `IN ()` is no SQL on PostgreSQL.
            Some([]) => sql.text(" AND 1 = 0"),
            Some(actions) => {
                let sql = sql.text(&format!(" AND {name}.action_type IN ("));
                sql.values(actions.iter().map(|action| action.code())).text(")")
            }
            None => sql,
        };
        match self.actor_id {
            Some(actor_id) => sql.text(&format!(" AND {name}.actor_id = ")).value(actor_id),
            None => sql,
        }
    }
}

impl By {
    /// The table of rollups.
    fn table(self) -> &'static str {
        match self {
            Self::Types | Self::Entries => type_day::Entity.table_name(),
            Self::Actors => actor_day::Entity.table_name(),
            Self::Cases => case_day::Entity.table_name(),
        }
    }

    /// The columns of its rows. Where there is no actor, the rollups have the nil id, and where there is no topic, an empty
    /// text.
    fn of_rollups(self, backend: DbBackend) -> String {
        match self {
            Self::Types | Self::Entries => {
                "rolled.action_type, rolled.outcome, rolled.actor_type, rolled.entry_count, rolled.on_cases, rolled.last_at"
                    .to_owned()
            }
            Self::Actors => {
                let nil = match backend {
                    DbBackend::Postgres => "'00000000-0000-0000-0000-000000000000'",
                    _ => "x'00000000000000000000000000000000'",
                };
                format!(
                    "NULLIF(rolled.actor_id, {nil}) AS actor_id, rolled.actor_label, rolled.action_type, rolled.outcome, \
                     NULLIF(rolled.topic, '') AS topic, rolled.entry_count, rolled.on_cases, rolled.last_at"
                )
            }
            Self::Cases => "rolled.case_id, rolled.action_type, rolled.entry_count".to_owned(),
        }
    }

    /// The same of an entry. One that the rollups hold and that must not be counted is subtracted; a group with such entries has
    /// the last time of all its entries, counted or not.
    fn of_entries(self, is_subtracted: bool) -> String {
        let (one, last_at) = if is_subtracted { ("-1", "NULL") } else { ("1", "entry.occurred_at") };
        let count = format!("CAST({one} AS BIGINT) AS entry_count");
        let counts = format!(
            "{count}, CAST(CASE WHEN entry.case_id IS NULL THEN 0 ELSE {one} END AS BIGINT) AS on_cases, {last_at} AS last_at"
        );
        match self {
            Self::Types | Self::Entries => format!("entry.action_type, entry.outcome, entry.actor_type, {counts}"),
            Self::Actors => format!(
                "entry.actor_id, entry.actor_label, entry.action_type, entry.outcome, NULLIF(entry.topic, '') AS topic, {counts}"
            ),
            Self::Cases => format!("entry.case_id, entry.action_type, {count}"),
        }
    }
}

async fn one_count<C: ConnectionTrait>(sql: Sql, db: &C) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        entry_count: i64,
    }
    let count: Option<Count> = sql.one(db).await?;
    Ok(count.map_or(0, |count| count.entry_count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const CHICAGO: Tz = chrono_tz::America::Chicago;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range(since: &str, until: &str) -> IdRange {
        IdRange { from: floor_id(at(since)), before: floor_id(at(until)), seen: None }
    }

    /// With entries at these times.
    fn counted(first: &str, last: &str) -> Counted {
        let state = State::sealed_in(CHICAGO.name());
        let id = |time| Some(Clock::system().id(at(time)));
        let edges = Edges { first_id: id(first), last_id: id(last), pending_count: 0 };
        Counted { backend: DbBackend::Sqlite, state, edges, seen: None, days: Some(CHICAGO) }
    }

    /// Among entries of all times.
    fn amid(ids: IdRange) -> (Vec<Whole>, Vec<Part>) {
        counted("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z").divided(By::Types, &[ids])
    }

    fn days(whole: &[Whole]) -> Vec<(String, String)> {
        whole.iter().map(|whole| (whole.first_day.to_string(), whole.end_day.to_string())).collect()
    }

    #[test]
    fn the_days_on_which_the_clocks_change_are_whole_with_23_and_25_hours() {
        for (since, until, date, next) in [
            ("2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z", "2026-03-08", "2026-03-09"),
            ("2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z", "2026-11-01", "2026-11-02"),
        ] {
            let (whole, parts) = amid(range(since, until));
            assert_eq!((days(&whole), parts), (vec![(date.to_owned(), next.to_owned())], vec![]));
        }
        // An hour earlier or later as a day of 24 hours would have it.
        let (whole, parts) = amid(range("2026-11-01T05:00:00Z", "2026-11-02T05:00:00Z"));
        assert_eq!((whole.len(), parts.len()), (0, 1));
    }

    #[test]
    fn a_day_that_lacks_a_millisecond_is_not_whole() {
        let (from, until) = (floor_id(at("2026-11-03T06:00:00Z")), floor_id(at("2026-11-05T06:00:00Z")));
        let (whole, parts) = amid(range("2026-11-03T06:00:00.001Z", "2026-11-05T05:59:59.999Z"));
        assert_eq!((days(&whole), parts.len()), (vec![], 1));
        let (whole, parts) = amid(range("2026-11-02T06:00:00.001Z", "2026-11-05T06:00:00.001Z"));
        assert_eq!(days(&whole), [("2026-11-03".to_owned(), "2026-11-05".to_owned())]);
        let ends = [
            Part { bucket: 0, first_id: floor_id(at("2026-11-02T06:00:00.001Z")), end_id: from },
            Part { bucket: 0, first_id: until, end_id: floor_id(at("2026-11-05T06:00:00.001Z")) },
        ];
        assert_eq!(parts, ends);
        // A range that begins behind an id of the first millisecond.
        let behind = Uuid::from_u128(from.as_u128() + 1);
        assert_eq!(
            days(&amid(IdRange { from: behind, before: until, seen: None }).0),
            [("2026-11-04".to_owned(), "2026-11-05".to_owned())]
        );
    }

    #[test]
    fn a_range_beyond_all_entries_ends_with_the_day() {
        let log = counted("2026-11-02T12:00:00Z", "2026-11-05T12:00:00Z");
        let (whole, parts) = log.divided(By::Types, &[range("2026-11-02T12:00:00Z", "2026-11-05T12:00:00.001Z")]);
        assert_eq!((days(&whole), parts), (vec![("2026-11-02".to_owned(), "2026-11-06".to_owned())], vec![]));
        // An entry at or behind the end, or before the start.
        let (whole, parts) = log.divided(By::Types, &[range("2026-11-02T12:00:00.001Z", "2026-11-05T12:00:00Z")]);
        assert_eq!((days(&whole), parts.len()), (vec![("2026-11-03".to_owned(), "2026-11-05".to_owned())], 2));
    }

    #[test]
    fn an_open_range_has_all_days() {
        let (whole, parts) = amid(IdRange { from: Uuid::nil(), before: Uuid::max(), seen: None });
        assert_eq!(
            whole,
            [Whole {
                bucket: 0,
                first_day: day("1900-01-01"),
                end_day: day("9999-12-31"),
                first_id: Uuid::nil(),
                end_id: Uuid::max(),
            }]
        );
        assert!(parts.is_empty());
    }

    #[test]
    fn without_rollups_and_for_conditions_that_they_lack_everything_is_read_from_the_log() {
        let ids = range("2026-11-02T06:00:00Z", "2026-11-05T06:00:00Z");
        let all = [Part { bucket: 0, first_id: ids.from, end_id: ids.before }];
        let log = counted("2026-11-02T12:00:00Z", "2026-11-05T12:00:00Z");
        assert_eq!(log.divided(By::Entries, &[ids]), (vec![], all.to_vec()));
        assert_eq!(Counted { days: None, ..log }.divided(By::Types, &[ids]), (vec![], all.to_vec()));
    }
}
