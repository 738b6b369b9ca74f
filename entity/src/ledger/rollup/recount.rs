//! Counts the sealed entries of a civil day or of a month again and compares them with its rollups.
//!
//! The database counts here, by the ids between the midnights of its ends, where `add` counts each entry by its time: a mistake
//! in one of the two shows as a difference.

mod rows;

use super::zone_of;
use crate::clock::{floor_id, instant_of, rfc3339};
use crate::ledger::{RULES, State};
use crate::period::{Interval, civil_day, start_of_day};
use crate::text;
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use rows::{ActorMonthRow, ActorRow, CaseRow, RollupRow, TotalRow, TypeRow};
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The rollups that are read: their number, and the time zone of their days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    pub number: i32,
    pub zone: Tz,
}

/// What is counted of the entries of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollupFigures {
    pub entry_count: i64,
    /// How many of them are about a case.
    pub on_cases: i64,
    /// When the latest of them occurred; `None` where it is not stored.
    pub last_at: Option<DateTime<Utc>>,
}

/// A figure that differs from the log: what a row counts, or one of its columns of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// The day of the row, or the first one of its month.
    pub day: NaiveDate,
    /// The parts of the row's key after its generation and date, and the name of a column of changes.
    pub key: Vec<String>,
    /// `None` if there is no such row, or its column is zero.
    pub stored: Option<RollupFigures>,
    /// `None` if there is no such entry.
    pub counted: Option<RollupFigures>,
}

/// The result for one day, or for the table of months and one month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The number of sealed entries of the day; 0 for a month.
    pub entries: u64,
    /// The number of figures compared, stored or counted: one per row, and one per column of changes that is not zero.
    pub rows: u64,
    /// In the order of the tables and keys.
    pub differences: Vec<Difference>,
}

impl Generation {
    /// The active generation; `None` if nothing was counted yet, or by the rules of another version.
    ///
    /// # Errors
    ///
    /// This version does not know its time zone.
    pub fn active(state: &State) -> Result<Option<Self>, DbErr> {
        if state.zone.is_empty() || state.rules != RULES {
            return Ok(None);
        }
        Ok(Some(Self { number: state.generation, zone: zone_of(&state.zone)? }))
    }
}

impl fmt::Display for RollupFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry_count, on_cases, last_at } = self;
        match last_at {
            Some(last_at) => write!(f, "{entry_count} ({on_cases} on cases, last {})", rfc3339(*last_at)),
            None => write!(f, "{entry_count}"),
        }
    }
}

impl Difference {
    /// Its day, its table and key, what is stored, and what was counted: as cells of a table.
    pub fn cells(&self) -> [String; 4] {
        let figures = |figures: &Option<RollupFigures>| figures.map_or_else(|| "none".to_owned(), |figures| figures.to_string());
        let Self { table, day, key, stored, counted } = self;
        [day.to_string(), format!("{table} {}", key.join(" ")), figures(stored), figures(counted)]
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [day, row, stored, counted] = self.cells();
        write!(f, "{row} on {day}: stored {stored}, counted {counted}")
    }
}

/// The first day with entries or rows, or the first day of a month with rows.
pub async fn first_day<C: ConnectionTrait>(db: &C, generation: Generation) -> Result<Option<NaiveDate>, DbErr> {
    next_day(db, generation, NaiveDate::default()).await
}

/// The first day after another that has entries or rows of the generation: of years without either, none has to be looked at. The
/// first day of a month that has rows is such a day.
pub async fn next_day<C: ConnectionTrait>(db: &C, generation: Generation, after: NaiveDate) -> Result<Option<NaiveDate>, DbErr> {
    #[derive(FromQueryResult)]
    struct Next {
        type_day: Option<NaiveDate>,
        actor_day: Option<NaiveDate>,
        actor_month: Option<NaiveDate>,
        actor_total: Option<NaiveDate>,
        case_day: Option<NaiveDate>,
        entry_id: Option<Uuid>,
    }
    let Some(from) = after.checked_add_days(Days::new(1)) else { return Ok(None) };
    let sql = format!(
        "SELECT {} AS type_day, {} AS actor_day, {} AS actor_month, {} AS actor_total, {} AS case_day, \
         (SELECT id FROM audit_entries WHERE id >= $3 ORDER BY id LIMIT 1) AS entry_id",
        first_after::<TypeRow>(),
        first_after::<ActorRow>(),
        first_after::<ActorMonthRow>(),
        first_after::<TotalRow>(),
        first_after::<CaseRow>()
    );
    let values = [generation.number.into(), after.into(), floor_id(start_of_day(from, generation.zone)).into()];
    let next = Next::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).one(db).await?;
    let Some(Next { type_day, actor_day, actor_month, actor_total, case_day, entry_id }) = next else { return Ok(None) };
    let entry_day = entry_id.and_then(instant_of).map(|at| civil_day(at, generation.zone));
    Ok([type_day, actor_day, actor_month, actor_total, case_day, entry_day].into_iter().flatten().min())
}

/// The first date of a table's rows after another, as a subselect.
fn first_after<R: RollupRow>() -> String {
    let (table, date) = (R::table(), R::DATE);
    format!("(SELECT MIN({date}) FROM {table} WHERE generation = $1 AND {date} > $2)")
}

/// Compares one day. Both sides have to be read in one snapshot.
///
/// # Errors
///
/// The database failed.
pub async fn compare<C: ConnectionTrait>(db: &C, generation: Generation, day: NaiveDate) -> Result<Comparison, DbErr> {
    let mut comparison = Comparison::default();
    comparison.add::<TypeRow, C>(db, generation, day).await?;
    comparison.add::<ActorRow, C>(db, generation, day).await?;
    comparison.add::<TotalRow, C>(db, generation, day).await?;
    comparison.add::<CaseRow, C>(db, generation, day).await?;
    Ok(comparison)
}

/// Compares the month that a day is in, which reads all entries of the month: callers do so for one of its days. Both sides have
/// to be read in one snapshot.
///
/// # Errors
///
/// The database failed.
pub async fn compare_month<C: ConnectionTrait>(db: &C, generation: Generation, day: NaiveDate) -> Result<Comparison, DbErr> {
    let mut comparison = Comparison::default();
    comparison.add::<ActorMonthRow, C>(db, generation, month_of(day)).await?;
    Ok(comparison)
}

/// The first day of the month that a day is in.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    Interval::Month.start(day)
}

/// The first day of a random week. The weeks begin with the first day and follow each other; the last one has the last day in
/// it, and may end after that. The same run has the same week, so that its result can be repeated.
pub fn random_week(run_id: Uuid, first: NaiveDate, last: NaiveDate) -> NaiveDate {
    let weeks = u64::try_from((last - first).num_days() / 7).unwrap_or_default() + 1;
    // Digits of a digest, since the beginning of an id is its time.
    let digest = text::sha256_hex(run_id.as_bytes());
    let number = digest.get(..15).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default();
    first.checked_add_days(Days::new(7 * (number % weeks))).unwrap_or(first)
}

impl Comparison {
    async fn add<R: RollupRow, C: ConnectionTrait>(
        &mut self,
        db: &C,
        generation: Generation,
        day: NaiveDate,
    ) -> Result<(), DbErr> {
        let values = [generation.number.into(), day.into()];
        let sql = format!("SELECT {} FROM {} WHERE generation = $1 AND {} = $2", R::stored(), R::table(), R::DATE);
        let stored = figures::<R, C>(db, sql, values).await?;
        let end = R::SPAN.next(day);
        let (from, before) = (start_of_day(day, generation.zone), end.map(|end| start_of_day(end, generation.zone)));
        let ids: [Value; 2] = [floor_id(from).into(), before.map_or(Uuid::max(), floor_id).into()];
        let counted = figures::<R, C>(db, R::counting(), ids).await?;
        self.entries += R::entries(&counted);
        let keys: BTreeSet<&Vec<String>> = stored.keys().chain(counted.keys()).collect();
        for key in keys {
            self.rows += 1;
            let (stored, counted) = (stored.get(key).copied(), counted.get(key).copied());
            if stored != counted {
                self.differences.push(Difference { table: R::table(), day, key: key.clone(), stored, counted });
            }
        }
        Ok(())
    }
}

async fn figures<R: RollupRow, C: ConnectionTrait>(
    db: &C,
    sql: String,
    values: [Value; 2],
) -> Result<BTreeMap<Vec<String>, RollupFigures>, DbErr> {
    let rows = R::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await?;
    Ok(rows.into_iter().flat_map(R::keyed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_random_week_is_a_whole_one_since_the_first_entry_and_the_same_for_the_same_run() {
        let (first, last) = (day("2026-01-01"), day("2026-12-01"));
        let weeks: BTreeSet<NaiveDate> = (0..2_000).map(|run| random_week(Uuid::from_u128(run), first, last)).collect();
        assert_eq!((weeks.len(), weeks.first().copied(), weeks.last().copied()), (48, Some(first), Some(day("2026-11-26"))));
        assert!(weeks.iter().all(|week| (*week - first).num_days() % 7 == 0));
        let run_id = Uuid::now_v7();
        assert_eq!(random_week(run_id, first, last), random_week(run_id, first, last));
        for last in ["2026-01-01", "2026-01-07", "2025-12-31"] {
            assert_eq!(random_week(run_id, first, day(last)), first, "{last}");
        }
    }

    #[test]
    fn a_difference_names_its_row() {
        let figures =
            |entry_count| RollupFigures { entry_count, on_cases: 1, last_at: Some("2026-12-01T15:00:00Z".parse().unwrap()) };
        let key = vec!["login".to_owned(), "success".to_owned(), "user".to_owned()];
        let (stored, counted) = (Some(figures(3)), Some(figures(2)));
        let difference = Difference { table: TypeRow::table(), day: day("2026-12-01"), key, stored, counted };
        assert_eq!(
            difference.to_string(),
            "ledger_type_days login success user on 2026-12-01: stored 3 (1 on cases, last 2026-12-01T15:00:00.000Z), \
             counted 2 (1 on cases, last 2026-12-01T15:00:00.000Z)"
        );
        let gone = Difference { stored: None, counted: Some(RollupFigures { last_at: None, ..figures(2) }), ..difference };
        assert!(gone.to_string().ends_with("stored none, counted 2"), "{gone}");
    }
}
