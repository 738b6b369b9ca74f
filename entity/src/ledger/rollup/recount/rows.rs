//! The rows of each table of rollups, as they are stored and as they are counted from entries.

use super::RollupFigures;
use crate::audit::Outcome;
use crate::ledger::rollup::{ChangeColumn, actor_day, actor_month, actor_total, case_day, type_day};
use crate::period::Interval;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{EntityName, FromQueryResult};
use std::collections::BTreeMap;

/// A row of a table of rollups, stored or counted.
pub(super) trait RollupRow: FromQueryResult {
    type Table: EntityName + Default;

    /// What a row counts the entries of, and the column with its first day.
    const SPAN: Interval = Interval::Day;
    const DATE: &'static str = "day";

    fn table() -> &'static str {
        Self::Table::default().table_name()
    }

    /// Its columns, without generation and date.
    fn stored() -> String;

    /// The statement that counts the sealed entries between two ids.
    fn counting() -> String;

    /// Its key, and what is counted; of changes to cases, the key of each column that is not zero.
    fn keyed(self) -> Vec<(Vec<String>, RollupFigures)>;

    /// The number of entries, of the table that counts each of them once.
    fn entries(_: &BTreeMap<Vec<String>, RollupFigures>) -> u64 {
        0
    }
}

const SEALED: &str = "FROM audit_entries AS entry JOIN ledger_leaves AS leaf ON leaf.entry_id = entry.id \
                      WHERE entry.id >= $1 AND entry.id < $2";
const COUNTED: &str = "COUNT(*) AS entry_count, COUNT(entry.case_id) AS on_cases, MAX(entry.occurred_at) AS last_at";

#[derive(FromQueryResult)]
pub(super) struct TypeRow {
    action_type: String,
    outcome: String,
    actor_type: String,
    entry_count: i64,
    on_cases: i64,
    last_at: DateTime<Utc>,
}

impl RollupRow for TypeRow {
    type Table = type_day::Entity;

    fn stored() -> String {
        "action_type, outcome, actor_type, entry_count, on_cases, last_at".to_owned()
    }

    fn counting() -> String {
        let key = "entry.action_type, entry.outcome, entry.actor_type";
        format!("SELECT {key}, {COUNTED} {SEALED} GROUP BY {key}")
    }

    fn keyed(self) -> Vec<(Vec<String>, RollupFigures)> {
        let Self { action_type, outcome, actor_type, entry_count, on_cases, last_at } = self;
        vec![(vec![action_type, outcome, actor_type], RollupFigures { entry_count, on_cases, last_at: Some(last_at) })]
    }

    fn entries(counted: &BTreeMap<Vec<String>, RollupFigures>) -> u64 {
        counted.values().map(|figures| u64::try_from(figures.entry_count).unwrap_or_default()).sum()
    }
}

#[derive(FromQueryResult)]
pub(super) struct ActorRow {
    actor_id: Option<Uuid>,
    actor_label: String,
    action_type: String,
    outcome: String,
    topic: String,
    entry_count: i64,
    on_cases: i64,
    last_at: DateTime<Utc>,
}

impl RollupRow for ActorRow {
    type Table = actor_day::Entity;

    fn stored() -> String {
        "actor_id, actor_label, action_type, outcome, topic, entry_count, on_cases, last_at".to_owned()
    }

    fn counting() -> String {
        let (key, topic) = ("entry.actor_id, entry.actor_label, entry.action_type, entry.outcome", "COALESCE(entry.topic, '')");
        format!("SELECT {key}, {topic} AS topic, {COUNTED} {SEALED} GROUP BY {key}, {topic}")
    }

    fn keyed(self) -> Vec<(Vec<String>, RollupFigures)> {
        let Self { actor_id, actor_label, action_type, outcome, topic, entry_count, on_cases, last_at } = self;
        let key = vec![actor_id.unwrap_or_default().to_string(), actor_label, action_type, outcome, topic];
        vec![(key, RollupFigures { entry_count, on_cases, last_at: Some(last_at) })]
    }
}

/// The same of a month.
#[derive(FromQueryResult)]
pub(super) struct ActorMonthRow {
    #[sea_orm(nested)]
    row: ActorRow,
}

impl RollupRow for ActorMonthRow {
    type Table = actor_month::Entity;
    const SPAN: Interval = Interval::Month;
    const DATE: &'static str = "month";

    fn stored() -> String {
        ActorRow::stored()
    }

    fn counting() -> String {
        ActorRow::counting()
    }

    fn keyed(self) -> Vec<(Vec<String>, RollupFigures)> {
        self.row.keyed()
    }
}

/// The columns of the changes, as they are stored and as they are counted from entries.
fn changes(expression: impl Fn(ChangeColumn) -> String) -> String {
    let columns = ChangeColumn::ALL.map(|column| format!("CAST({} AS BIGINT) AS {}", expression(column), column.name()));
    columns.join(", ")
}

fn stored_changes() -> String {
    changes(|column| column.name().to_owned())
}

fn counted_changes() -> String {
    changes(|column| format!("COUNT(CASE WHEN {} THEN 1 END)", column.condition("entry")))
}

#[derive(FromQueryResult)]
struct ChangesRow {
    created: i64,
    status_changed: i64,
    tier_changed: i64,
    assigned: i64,
    resubmitted: i64,
    held: i64,
    resumed: i64,
    edited: i64,
}

impl ChangesRow {
    /// The columns that are not zero, each with its name behind the key of the row.
    fn keyed(&self, key: &[String]) -> Vec<(Vec<String>, RollupFigures)> {
        let counted = |column: ChangeColumn| match column {
            ChangeColumn::Created => self.created,
            ChangeColumn::StatusChanged => self.status_changed,
            ChangeColumn::TierChanged => self.tier_changed,
            ChangeColumn::Assigned => self.assigned,
            ChangeColumn::Resubmitted => self.resubmitted,
            ChangeColumn::Held => self.held,
            ChangeColumn::Resumed => self.resumed,
            ChangeColumn::Edited => self.edited,
        };
        let named = ChangeColumn::ALL.into_iter().map(|column| (column.name(), counted(column)));
        let named = named.filter(|(_, entry_count)| *entry_count != 0).map(|(name, entry_count)| {
            let key = key.iter().cloned().chain([name.to_owned()]).collect();
            (key, RollupFigures { entry_count, on_cases: entry_count, last_at: None })
        });
        named.collect()
    }
}

#[derive(FromQueryResult)]
pub(super) struct TotalRow {
    actor_id: Option<Uuid>,
    actor_label: String,
    entry_count: i64,
    on_cases: i64,
    last_at: DateTime<Utc>,
    #[sea_orm(nested)]
    changes: ChangesRow,
}

impl RollupRow for TotalRow {
    type Table = actor_total::Entity;

    fn stored() -> String {
        format!(
            "actor_id, actor_label, CAST(entry_count AS BIGINT) AS entry_count, CAST(on_cases AS BIGINT) AS on_cases, \
             last_at, {}",
            stored_changes()
        )
    }

    fn counting() -> String {
        let (key, success) = ("entry.actor_id, entry.actor_label", Outcome::Success.code());
        format!("SELECT {key}, {COUNTED}, {} {SEALED} AND entry.outcome = '{success}' GROUP BY {key}", counted_changes())
    }

    fn keyed(self) -> Vec<(Vec<String>, RollupFigures)> {
        let Self { actor_id, actor_label, entry_count, on_cases, last_at, changes } = self;
        let key = vec![actor_id.unwrap_or_default().to_string(), actor_label];
        let by_column = changes.keyed(&key);
        [(key, RollupFigures { entry_count, on_cases, last_at: Some(last_at) })].into_iter().chain(by_column).collect()
    }
}

#[derive(FromQueryResult)]
pub(super) struct CaseRow {
    case_id: Uuid,
    #[sea_orm(nested)]
    changes: ChangesRow,
}

impl RollupRow for CaseRow {
    type Table = case_day::Entity;

    fn stored() -> String {
        format!("case_id, {}", stored_changes())
    }

    fn counting() -> String {
        let success = Outcome::Success.code();
        format!(
            "SELECT entry.case_id, {} {SEALED} AND entry.outcome = '{success}' AND entry.case_id IS NOT NULL \
             AND ({}) GROUP BY entry.case_id",
            counted_changes(),
            ChangeColumn::ALL.map(|column| column.condition("entry")).join(" OR ")
        )
    }

    fn keyed(self) -> Vec<(Vec<String>, RollupFigures)> {
        self.changes.keyed(&[self.case_id.to_string()])
    }
}
