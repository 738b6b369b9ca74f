//! The tables of rollups, and the statements that add to their rows.

use super::{ChangeColumn, actor_day, actor_month, actor_total, case_day, type_day};
use crate::db::WriteTransaction;
use sea_orm::{DbErr, EntityName, Statement, Value};

/// A table of rollups, for statements.
pub(super) struct RollupTable {
    name: &'static str,
    key: &'static [&'static str],
    sums: Vec<&'static str>,
}

/// The column of which the later value is kept, where the others are added.
const LAST_AT: &str = "last_at";
/// What is counted of all entries of a key.
const SUMS: [&str; 3] = ["entry_count", "on_cases", LAST_AT];

/// The maximum number of rows of a statement: with fifteen values each far from what a statement may bind, 32,766 on SQLite and
/// 65,535 on PostgreSQL.
const ROWS_MAX: usize = 512;

impl RollupTable {
    pub fn type_days() -> Self {
        let key = &["generation", "day", "action_type", "outcome", "actor_type"];
        Self { name: type_day::Entity.table_name(), key, sums: SUMS.to_vec() }
    }

    pub fn actor_days() -> Self {
        let key = &["generation", "day", "actor_id", "actor_label", "action_type", "outcome", "topic"];
        Self { name: actor_day::Entity.table_name(), key, sums: SUMS.to_vec() }
    }

    pub fn actor_months() -> Self {
        let key = &["generation", "month", "actor_id", "actor_label", "action_type", "outcome", "topic"];
        Self { name: actor_month::Entity.table_name(), key, sums: SUMS.to_vec() }
    }

    pub fn case_days() -> Self {
        let key = &["generation", "day", "case_id"];
        Self { name: case_day::Entity.table_name(), key, sums: Self::changes().collect() }
    }

    pub fn actor_totals() -> Self {
        let key = &["generation", "day", "actor_id", "actor_label"];
        Self { name: actor_total::Entity.table_name(), key, sums: SUMS.into_iter().chain(Self::changes()).collect() }
    }

    fn changes() -> impl Iterator<Item = &'static str> {
        ChangeColumn::ALL.into_iter().map(ChangeColumn::name)
    }

    /// Adds rows to those that have the same key.
    pub async fn add(&self, tx: &WriteTransaction, rows: &[Vec<Value>]) -> Result<(), DbErr> {
        for rows in batches(rows) {
            let values = rows.iter().flatten().cloned();
            let statement = Statement::from_sql_and_values(tx.backend(), self.upsert(rows.len()), values);
            tx.execute(&statement).await?;
        }
        Ok(())
    }

    fn upsert(&self, row_count: usize) -> String {
        let Self { name, key, sums } = self;
        let width = key.len() + sums.len();
        let row = |number: usize| {
            let places: Vec<String> = (1..=width).map(|place| format!("${}", number * width + place)).collect();
            format!("({})", places.join(", "))
        };
        let rows: Vec<String> = (0..row_count).map(row).collect();
        let sum = |column: &&str| match *column {
            LAST_AT => format!(
                "{LAST_AT} = CASE WHEN excluded.{LAST_AT} > {name}.{LAST_AT} THEN excluded.{LAST_AT} ELSE {name}.{LAST_AT} END"
            ),
            column => format!("{column} = {name}.{column} + excluded.{column}"),
        };
        let (columns, set): (Vec<&str>, Vec<String>) =
            (key.iter().chain(sums).copied().collect(), sums.iter().map(sum).collect());
        format!(
            "INSERT INTO {name} ({}) VALUES {} ON CONFLICT ({}) DO UPDATE SET {}",
            columns.join(", "),
            rows.join(", "),
            key.join(", "),
            set.join(", ")
        )
    }
}

/// Divides rows into batches whose sizes are powers of two: a connection prepares ten statements for a table, whatever the number
/// of rows.
fn batches<T>(rows: &[T]) -> Vec<&[T]> {
    let (mut rest, mut batches) = (rows, Vec::new());
    while !rest.is_empty() {
        let size = 1 << rest.len().min(ROWS_MAX).ilog2();
        let Some((batch, others)) = rest.split_at_checked(size) else { break };
        batches.push(batch);
        rest = others;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_a_power_of_two_of_rows() {
        for (row_count, expected) in
            [(0, vec![]), (1, vec![1]), (7, vec![4, 2, 1]), (512, vec![512]), (1_100, vec![512, 512, 64, 8, 4])]
        {
            let rows: Vec<usize> = (0..row_count).collect();
            let batches = batches(&rows);
            assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), expected);
            assert_eq!(batches.concat(), rows);
        }
    }

    #[test]
    fn a_statement_adds_to_rows_with_the_same_key() {
        let few = RollupTable { name: "days", key: &["generation", "day"], sums: vec!["held", "resumed"] };
        assert_eq!(
            few.upsert(2),
            "INSERT INTO days (generation, day, held, resumed) VALUES ($1, $2, $3, $4), ($5, $6, $7, $8) \
             ON CONFLICT (generation, day) \
             DO UPDATE SET held = days.held + excluded.held, resumed = days.resumed + excluded.resumed"
        );
        assert!(RollupTable::type_days().upsert(1).ends_with(
            "on_cases = ledger_type_days.on_cases + excluded.on_cases, last_at = CASE WHEN excluded.last_at > \
             ledger_type_days.last_at THEN excluded.last_at ELSE ledger_type_days.last_at END"
        ));
        let RollupTable { name: _, key, sums } = RollupTable::actor_totals();
        let widest = (key.len() + sums.len()) * ROWS_MAX;
        assert!(widest < 32_766, "{widest}");
    }
}
