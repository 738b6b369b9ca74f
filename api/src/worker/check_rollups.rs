//! Compares the rollups of yesterday and of a random week with the log, each day in a snapshot of its own. If the last day of a
//! month is among them, the rollups of that month are compared as well.

use super::run::RunCounts;
use crate::state::App;
use chrono::NaiveDate;
use entity::ledger;
use entity::ledger::rollup::{self, Comparison, Difference, Generation};
use entity::report;
use sea_orm::DbErr;
use sea_orm::prelude::Uuid;
use std::collections::VecDeque;

const WEEK: usize = 7;

/// Days that are being compared.
#[derive(Default)]
pub struct DaysToCompare {
    yesterday: Option<NaiveDate>,
    /// The first day of the random week.
    week: Option<NaiveDate>,
    left: VecDeque<NaiveDate>,
    compared: Vec<NaiveDate>,
    rows: u64,
    differing: u64,
    first_difference: Option<Difference>,
}

impl DaysToCompare {
    /// Yesterday, since every day is to be compared once it is over, and then a random week since the first entry, the same for
    /// the same run. No days if nothing was counted yet.
    pub async fn choose(app: &App, run_id: Uuid) -> Result<Self, DbErr> {
        let snapshot = app.db().snapshot().await?;
        let Some(generation) = Generation::active(&ledger::state(&snapshot).await?)? else { return Ok(Self::default()) };
        let Some(begun_at) = report::first_entry_at(&snapshot).await? else { return Ok(Self::default()) };
        let [begun_on, today] = [begun_at, app.now()].map(|at| at.with_timezone(&generation.zone).date_naive());
        Ok(Self::new(today, rollup::random_week(run_id, begun_on, today)))
    }

    fn new(today: NaiveDate, week: NaiveDate) -> Self {
        let yesterday = today.pred_opt();
        let of_week = week.iter_days().take(WEEK).filter(|day| Some(*day) != yesterday);
        Self { yesterday, week: Some(week), left: yesterday.into_iter().chain(of_week).collect(), ..Self::default() }
    }

    pub fn has_next(&self) -> bool {
        !self.left.is_empty()
    }

    /// Compares the next day. What is counted anew meanwhile, because the time zone or the rules have changed, is left out.
    pub async fn compare_next(&mut self, app: &App) -> Result<(), DbErr> {
        let Some(day) = self.left.pop_front() else { return Ok(()) };
        // A month may have more entries than a statement of a request may read.
        let snapshot = app.db().export_snapshot().await?;
        let Some(generation) = Generation::active(&ledger::state(&snapshot).await?)? else { return Ok(()) };
        self.add(rollup::compare(&snapshot, generation, day).await?);
        self.compared.push(day);
        // A month has the entries of thirty days, so it is read on few nights, normally on the one after it ends.
        if day.succ_opt().is_some_and(|next| rollup::month_of(next) == next) {
            self.add(rollup::compare_month(&snapshot, generation, day).await?);
        }
        Ok(())
    }

    fn add(&mut self, comparison: Comparison) {
        self.rows += comparison.rows;
        self.differing += u64::try_from(comparison.differences.len()).unwrap_or(u64::MAX);
        self.first_difference = self.first_difference.take().or(comparison.differences.into_iter().next());
    }

    /// A failure if any row differs.
    pub fn result(self) -> RunCounts {
        let Self { yesterday, week, left: _, compared, rows, differing, first_difference } = self;
        let error = yesterday.zip(week).zip(first_difference).map(|((yesterday, week), difference)| {
            format!(
                "{differing} rollups of {yesterday}, of the week from {week} or of a month that ends in these days differ from \
                 the log, the first: {difference}. `casetrail audit recount` lists them"
            )
        });
        let broke_off = error.is_some();
        RunCounts { processed: rows, failed: differing, broke_off, error, days_compared: compared, ..RunCounts::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_compared_first_and_once() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let days = |week: &str| DaysToCompare::new(day("2026-12-02"), day(week)).left;
        let earlier = days("2026-03-05");
        assert_eq!(
            (earlier.len(), earlier[0], earlier[1], earlier[7]),
            (8, day("2026-12-01"), day("2026-03-05"), day("2026-03-11"))
        );
        let same = days("2026-11-26");
        assert_eq!((same.len(), same[0], same[1], same[6]), (7, day("2026-12-01"), day("2026-11-26"), day("2026-12-02")));
    }
}
