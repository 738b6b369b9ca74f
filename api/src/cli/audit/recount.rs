//! `casetrail audit recount`: compares the rollups with the log, day by day and month by month, in one snapshot.

use crate::cli::{Failure, reach, say};
use crate::config::Config;
use chrono::NaiveDate;
use entity::clock::{Clock, parse_date};
use entity::db::{Db, Limits};
use entity::ledger;
use entity::ledger::rollup::{self, Comparison, Difference, Generation};
use entity::registry;
use migration::{Standing, standing};
use sea_orm::ConnectionTrait;

#[derive(clap::Args)]
pub struct RecountOptions {
    /// The first civil day to compare, such as 2026-11-01; by default the first with entries
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<NaiveDate>,
    /// The last civil day to compare; by default the last with entries
    #[arg(long, value_name = "DAY", value_parser = day)]
    until: Option<NaiveDate>,
    /// If there are differences, let the running service count all entries again. Without it nothing is changed
    #[arg(long)]
    repair: bool,
}

/// How many differences are printed.
const PRINTED_MAX: u64 = 1_000;

/// Whether the rollups equal the log.
pub async fn run(config: &Config, options: &RecountOptions) -> Result<bool, Failure> {
    let (url, is_new_file) = config.database()?;
    if is_new_file {
        return Err("CASETRAIL_DATABASE_URL: the database does not exist".into());
    }
    reach::database(&url).await?;
    let db = registry::connect(&url, Limits::default(), Clock::system(), None).await?;
    ensure_current(&db).await?;
    // From the pool of exports, whose statements may take as long as they need.
    let snapshot = db.export_snapshot().await?;
    let found = match Generation::active(&ledger::state(&snapshot).await?)? {
        Some(generation) => compare(&snapshot, generation, options).await?,
        None => {
            return Err("there is nothing to compare: the service has not counted the entries yet, or counts them again".into());
        }
    };
    snapshot.rollback().await?;
    say(found.summary());
    if found.differing > 0 && options.repair {
        if !rollup::start_rebuild(&db).await? {
            return Err("--repair: a newer version of the service counts the entries: run it with that version".into());
        }
        say("the running service counts all entries again; until it is done, reports are answered from the log");
    }
    Ok(found.differing == 0)
}

/// A schema without the rollups has nothing to compare, and that of a version that excludes this one may mean something else.
async fn ensure_current(db: &Db) -> Result<(), Failure> {
    match standing(db.readers()).await? {
        Standing::Current | Standing::Newer => Ok(()),
        Standing::Behind(_) => Err("the schema belongs to an older version: run `casetrail migrate` first".into()),
        Standing::TooNew(migration) => {
            Err(format!("the schema belongs to a newer version and this one cannot use it (since {migration})").into())
        }
    }
}

/// What was compared.
#[derive(Debug, Default)]
struct Found {
    days: u64,
    entries: u64,
    rows: u64,
    differing: u64,
}

impl Found {
    fn summary(&self) -> String {
        let Self { days, entries, rows, differing } = self;
        let found = if *differing == 0 { "no differences".to_owned() } else { format!("{differing} differences") };
        format!("{days} days with {entries} entries, {rows} rows compared: {found}")
    }

    /// Adds a comparison, and prints its differences.
    fn add(&mut self, comparison: &Comparison) {
        self.entries += comparison.entries;
        self.rows += comparison.rows;
        comparison.differences.iter().for_each(|difference| self.report(difference));
    }

    /// Prints a difference as a row of a table, after a head before the first one.
    fn report(&mut self, difference: &Difference) {
        if self.differing == 0 {
            print(["day", "row", "stored", "counted"].map(str::to_owned));
        }
        self.differing += 1;
        if self.differing <= PRINTED_MAX {
            print(difference.cells());
        } else if self.differing == PRINTED_MAX + 1 {
            say(format_args!("further differences are counted and not printed"));
        }
    }
}

fn print([day, row, stored, counted]: [String; 4]) {
    say(format_args!("{day:<10}  {row:<72}  {stored:<48}  {counted}"));
}

/// Compares one day after the other, and once each the months that they are in, so that the memory it takes does not grow with
/// the log.
async fn compare<C: ConnectionTrait>(db: &C, generation: Generation, options: &RecountOptions) -> Result<Found, Failure> {
    let mut found = Found::default();
    let before = options.from.and_then(|from| from.pred_opt());
    let mut next = match before {
        Some(before) => rollup::next_day(db, generation, before).await?,
        None => rollup::first_day(db, generation).await?,
    };
    let mut month = None;
    while let Some(day) = next.filter(|day| options.until.is_none_or(|until| *day <= until)) {
        let comparison = rollup::compare(db, generation, day).await?;
        // The first day of a month may have no rows of its own.
        found.days += u64::from(comparison.rows > 0);
        found.add(&comparison);
        // Once, with the first of its days.
        if month.replace(rollup::month_of(day)) != Some(rollup::month_of(day)) {
            found.add(&rollup::compare_month(db, generation, day).await?);
        }
        next = rollup::next_day(db, generation, day).await?;
    }
    Ok(found)
}

fn day(text: &str) -> Result<NaiveDate, &'static str> {
    parse_date(text).ok_or("must be a day, such as 2026-11-01")
}
