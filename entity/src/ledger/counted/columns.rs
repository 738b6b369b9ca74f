//! The columns of the relation, as the rollups and the entries have them, and the conditions on both.

use super::{By, Wanted};
use crate::audit::Outcome;
use crate::ledger::rollup::{ChangeColumn, actor_day, actor_total, case_day, type_day};
use crate::sql::Sql;
use sea_orm::{DbBackend, EntityName};

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
    /// The table of rollups by day.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Types | Self::Entries => type_day::Entity.table_name(),
            Self::Actors => actor_day::Entity.table_name(),
            Self::ActorTotals => actor_total::Entity.table_name(),
            Self::Cases => case_day::Entity.table_name(),
        }
    }

    /// The columns of its rows. Where there is no actor, the rollups have the nil id, and where there is no topic, an empty
    /// text.
    pub(super) fn of_rollups(self, backend: DbBackend, wanted: &Wanted<'_>) -> String {
        let nil = match backend {
            DbBackend::Postgres => "'00000000-0000-0000-0000-000000000000'",
            _ => "x'00000000000000000000000000000000'",
        };
        match self {
            Self::Types | Self::Entries => {
                "rolled.action_type, rolled.outcome, rolled.actor_type, rolled.entry_count, rolled.on_cases, rolled.last_at"
                    .to_owned()
            }
            Self::Actors => format!(
                "NULLIF(rolled.actor_id, {nil}) AS actor_id, rolled.actor_label, rolled.action_type, rolled.outcome, \
                 NULLIF(rolled.topic, '') AS topic, rolled.entry_count, rolled.on_cases, rolled.last_at"
            ),
            Self::ActorTotals => format!(
                "NULLIF(rolled.actor_id, {nil}) AS actor_id, rolled.actor_label, rolled.entry_count, rolled.on_cases, \
                 rolled.last_at, {}",
                changes(|column| format!("rolled.{}", column.name()))
            ),
            Self::Cases => {
                let stored = |column: ChangeColumn| format!("rolled.{}", column.name());
                let counted = ChangeColumn::ALL.into_iter().filter(|column| column.counts_any(wanted.actions)).map(stored);
                let columns = changes(|column| if column.counts_any(wanted.actions) { stored(column) } else { "0".to_owned() });
                format!(
                    "rolled.case_id, {} AS entry_count, {columns}",
                    counted.chain(["0".to_owned()]).collect::<Vec<_>>().join(" + ")
                )
            }
        }
    }

    /// The same of an entry. One that the rollups hold and that must not be counted is subtracted; a group with such entries has
    /// the last time of all its entries, counted or not.
    pub(super) fn of_entries(self, is_subtracted: bool) -> String {
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
            Self::ActorTotals => {
                let count = format!("CAST({one} AS INTEGER) AS entry_count");
                let on_cases = format!("CAST(CASE WHEN entry.case_id IS NULL THEN 0 ELSE {one} END AS INTEGER) AS on_cases");
                format!("entry.actor_id, entry.actor_label, {count}, {on_cases}, {last_at} AS last_at, {}", changed(one))
            }
            Self::Cases => format!("entry.case_id, CAST({one} AS INTEGER) AS entry_count, {}", changed(one)),
        }
    }

    /// Whether its rollups and the log agree on what is wanted: both without a column for it count all that they hold.
    pub(super) fn can_count(self, wanted: &Wanted<'_>) -> bool {
        match self {
            Self::Types => wanted.actor_id.is_none(),
            Self::Actors | Self::Entries => true,
            Self::ActorTotals => wanted.outcomes == [Outcome::Success],
            Self::Cases => wanted.outcomes == [Outcome::Success] && wanted.actor_id.is_none(),
        }
    }

    /// Appends the conditions on the rows of its table: those on columns that it has.
    pub(super) fn conditions_in_days(self, sql: Sql, wanted: &Wanted<'_>) -> Sql {
        let on_columns = match self {
            Self::Types | Self::Actors | Self::Entries => *wanted,
            Self::ActorTotals | Self::Cases => Wanted { actions: None, outcomes: &[], actor_id: wanted.actor_id },
        };
        on_columns.conditions(sql, "rolled")
    }
}

/// The columns of changes, each by its expression.
fn changes(expression: impl Fn(ChangeColumn) -> String) -> String {
    ChangeColumn::ALL.map(|column| format!("{} AS {}", expression(column), column.name())).join(", ")
}

/// The same of an entry.
fn changed(one: &str) -> String {
    changes(|column| format!("CAST(CASE WHEN {} THEN {one} ELSE 0 END AS INTEGER)", column.condition("entry")))
}
