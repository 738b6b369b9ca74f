//! Compares the rollups of a random week with the log, each day in a snapshot of its own.

use super::run::RunCounts;
use crate::state::App;
use chrono::NaiveDate;
use entity::ledger;
use entity::ledger::rollup::{self, Difference, Generation};
use sea_orm::DbErr;
use sea_orm::prelude::Uuid;

const DAYS: usize = 7;

/// A week that is being compared.
pub struct Week {
    first: Option<NaiveDate>,
    /// How many of its days were compared.
    compared: usize,
    rows: u64,
    differing: u64,
    first_difference: Option<Difference>,
}

impl Week {
    /// A random week since the first entry, the same for the same run; no days if nothing was counted yet.
    pub async fn choose(app: &App, run_id: Uuid) -> Result<Self, DbErr> {
        let snapshot = app.db().snapshot().await?;
        let generation = Generation::active(&ledger::state(&snapshot).await?)?;
        let first = match generation {
            Some(generation) => {
                let today = app.now().with_timezone(&generation.zone).date_naive();
                let begun_on = rollup::first_day(&snapshot, generation).await?;
                begun_on.map(|begun_on| rollup::random_week(run_id, begun_on, today))
            }
            None => None,
        };
        Ok(Self { first, compared: 0, rows: 0, differing: 0, first_difference: None })
    }

    pub fn has_next(&self) -> bool {
        self.first.is_some() && self.compared < DAYS
    }

    /// Compares the next day. What is counted anew meanwhile, because the time zone or the rules have changed, is left out.
    pub async fn compare_next(&mut self, app: &App) -> Result<(), DbErr> {
        let Some(day) = self.first.and_then(|first| first.iter_days().nth(self.compared)) else { return Ok(()) };
        self.compared += 1;
        let snapshot = app.db().snapshot().await?;
        let Some(generation) = Generation::active(&ledger::state(&snapshot).await?)? else { return Ok(()) };
        let comparison = rollup::compare(&snapshot, generation, day).await?;
        self.rows += comparison.rows;
        self.differing += u64::try_from(comparison.differences.len()).unwrap_or(u64::MAX);
        self.first_difference = self.first_difference.take().or(comparison.differences.into_iter().next());
        Ok(())
    }

    /// A failure if any row differs.
    pub fn result(self) -> RunCounts {
        let Self { first, compared: _, rows, differing, first_difference } = self;
        let error = first.zip(first_difference).map(|(first, difference)| {
            format!(
                "{differing} rollups of the week from {first} differ from the log, the first: {difference}. \
                 `casetrail audit recount` lists them"
            )
        });
        RunCounts { processed: rows, failed: differing, broke_off: error.is_some(), error, ..RunCounts::default() }
    }
}
