//! Rollups: the sealed entries of each civil day or month, counted in five small tables, so that a report does not read every
//! entry.
//!
//! - `add` is called by the sealer, in the transaction in which entries get their sequence. Nothing else adds to them, least of
//!   all the transaction of a request, where a counter that all writers share would make them wait for each other.
//! - `rebuild` counts all entries again, beside the rows that are read, where the time zone or the rules have changed.
//! - `recount` counts a day or a month from its entries, in another way than `add`, and compares.

pub mod actor_day;
pub mod actor_month;
pub mod actor_total;
pub mod case_day;
mod change_column;
mod rebuild;
mod recount;
mod table;
pub mod type_day;

pub(crate) use change_column::ChangeColumn;
pub use rebuild::{rebuild_step, start_rebuild};
pub use recount::{
    Comparison, Difference, Generation, RollupFigures, compare, compare_month, first_day, month_of, next_day, random_week,
};

use crate::audit::{Action, Outcome, Verb};
use crate::db::WriteTransaction;
use crate::period::{Interval, civil_day};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sea_orm::prelude::Uuid;
use sea_orm::{DbErr, FromQueryResult, Value};
use std::collections::BTreeMap;
use table::RollupTable;

/// Why the rollups need no entries of their own.
const REASON: &str = "it counts entries of the audit log, from which it can be counted again";
const VERBS: &[Verb] = &[Verb::Insert, Verb::Update, Verb::Delete];

/// Adds sealed entries to a generation, whose civil days are those of `zone`.
pub(super) async fn add(
    tx: &WriteTransaction,
    generation: i32,
    zone: Tz,
    entries: impl Iterator<Item = &Facts>,
) -> Result<(), DbErr> {
    let mut additions = Additions::default();
    entries.for_each(|entry| additions.count(zone, entry));
    additions.store(tx, generation).await
}

/// The time zone of a generation by its name.
pub(super) fn zone_of(name: &str) -> Result<Tz, DbErr> {
    name.parse().map_err(|_| DbErr::Type(format!("'{name}' is not a time zone that this version knows")))
}

/// What is counted of an entry, as it is read.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Facts {
    pub occurred_at: DateTime<Utc>,
    pub action_type: String,
    pub outcome: String,
    pub actor_type: String,
    pub actor_id: Option<Uuid>,
    pub actor_label: String,
    pub case_id: Option<Uuid>,
    pub topic: Option<String>,
}

/// Day, action type, outcome, actor type.
type TypeKey<'a> = (NaiveDate, &'a str, &'a str, &'a str);
/// Day or first day of the month, actor, the actor's name, action type, outcome, topic.
type ActorKey<'a> = (NaiveDate, Uuid, &'a str, &'a str, &'a str, &'a str);
/// Day, actor, the actor's name.
type TotalKey<'a> = (NaiveDate, Uuid, &'a str);
/// Day, case.
type CaseKey = (NaiveDate, Uuid);

/// What a batch adds to the tables, in the order of their keys: transactions that change the same rows do so in the same order,
/// and none waits for one that waits for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Additions<'a> {
    types: BTreeMap<TypeKey<'a>, Sum>,
    actors: BTreeMap<ActorKey<'a>, Sum>,
    actor_months: BTreeMap<ActorKey<'a>, Sum>,
    totals: BTreeMap<TotalKey<'a>, (Sum, ColumnCounts)>,
    cases: BTreeMap<CaseKey, ColumnCounts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    entry_count: i64,
    on_cases: i64,
    last_at: DateTime<Utc>,
}

/// How many changes each column counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ColumnCounts(BTreeMap<ChangeColumn, i64>);

impl ColumnCounts {
    fn count(&mut self, column: ChangeColumn) {
        *self.0.entry(column).or_default() += 1;
    }

    /// The values of the columns, in the order of the tables.
    fn values(&self) -> impl Iterator<Item = Value> {
        ChangeColumn::ALL.iter().map(|column| self.0.get(column).copied().unwrap_or_default().into())
    }
}

impl Sum {
    fn count(&mut self, entry: &Facts) {
        self.entry_count += 1;
        self.on_cases += i64::from(entry.case_id.is_some());
        self.last_at = self.last_at.max(entry.occurred_at);
    }
}

impl<'a> Additions<'a> {
    /// Counts an entry on the civil day in which it occurred, and in its month. Parts of a key are never null: without an actor
    /// it is the nil id, without a topic an empty text.
    fn count(&mut self, zone: Tz, entry: &'a Facts) {
        let Facts { occurred_at, action_type, outcome, actor_type, actor_id, actor_label, case_id, topic } = entry;
        let (day, topic) = (civil_day(*occurred_at, zone), topic.as_deref().unwrap_or_default());
        self.types.entry((day, action_type, outcome, actor_type)).or_default().count(entry);
        let (actor_id, actor_label) = (actor_id.unwrap_or_default(), actor_label.as_str());
        let actor = |on| (on, actor_id, actor_label, action_type.as_str(), outcome.as_str(), topic);
        self.actors.entry(actor(day)).or_default().count(entry);
        self.actor_months.entry(actor(Interval::Month.start(day))).or_default().count(entry);
        if outcome != Outcome::Success.code() {
            return;
        }
        // An action that only a newer version knows is no change, until that version counts again.
        let change = Action::from_code(action_type).and_then(ChangeColumn::counting);
        let (total, changes) = self.totals.entry((day, actor_id, actor_label)).or_default();
        total.count(entry);
        change.into_iter().for_each(|column| changes.count(column));
        if let Some((case_id, column)) = case_id.zip(change) {
            self.cases.entry((day, case_id)).or_default().count(column);
        }
    }

    /// Adds it to the rows of a generation.
    async fn store(&self, tx: &WriteTransaction, generation: i32) -> Result<(), DbErr> {
        let types = self.types.iter().map(|((day, action_type, outcome, actor_type), sum)| {
            sum.follow(vec![generation.into(), (*day).into(), (*action_type).into(), (*outcome).into(), (*actor_type).into()])
        });
        RollupTable::type_days().add(tx, &types.collect::<Vec<Vec<Value>>>()).await?;
        for (table, rows) in [(RollupTable::actor_days(), &self.actors), (RollupTable::actor_months(), &self.actor_months)] {
            let rows = rows.iter().map(|((on, actor_id, actor_label, action_type, outcome, topic), sum)| {
                let actor: [Value; 4] = [generation.into(), (*on).into(), (*actor_id).into(), (*actor_label).into()];
                let what: [Value; 3] = [(*action_type).into(), (*outcome).into(), (*topic).into()];
                sum.follow(actor.into_iter().chain(what).collect())
            });
            table.add(tx, &rows.collect::<Vec<Vec<Value>>>()).await?;
        }
        let totals = self.totals.iter().map(|((day, actor_id, actor_label), (sum, changes))| {
            let key = vec![generation.into(), (*day).into(), (*actor_id).into(), (*actor_label).into()];
            sum.follow(key).into_iter().chain(changes.values()).collect()
        });
        RollupTable::actor_totals().add(tx, &totals.collect::<Vec<Vec<Value>>>()).await?;
        let cases = self.cases.iter().map(|((day, case_id), changes)| {
            let key: [Value; 3] = [generation.into(), (*day).into(), (*case_id).into()];
            key.into_iter().chain(changes.values()).collect()
        });
        RollupTable::case_days().add(tx, &cases.collect::<Vec<Vec<Value>>>()).await
    }
}

impl Sum {
    /// The values of a row: its key, and what is counted.
    fn follow(&self, mut key: Vec<Value>) -> Vec<Value> {
        let sums: [Value; 3] = [self.entry_count.into(), self.on_cases.into(), self.last_at.into()];
        key.extend(sums);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::{Chicago, Havana};
    use chrono_tz::Australia::Lord_Howe;
    use chrono_tz::Pacific::Apia;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn entry(occurred_at: &str, action_type: &str) -> Facts {
        Facts {
            occurred_at: at(occurred_at),
            action_type: action_type.to_owned(),
            outcome: "success".to_owned(),
            actor_type: "user".to_owned(),
            actor_id: Some(Uuid::from_u128(7)),
            actor_label: "ada".to_owned(),
            case_id: None,
            topic: None,
        }
    }

    fn additions(zone: Tz, entries: &[Facts]) -> Additions<'_> {
        let mut additions = Additions::default();
        entries.iter().for_each(|entry| additions.count(zone, entry));
        additions
    }

    #[test]
    fn an_entry_is_counted_on_its_civil_day() {
        for (zone, occurred_at, expected) in [
            (Tz::UTC, "2026-11-30T23:59:59.999Z", "2026-11-30"),
            (Tz::UTC, "2026-12-01T00:00:00Z", "2026-12-01"),
            (Chicago, "2026-12-01T05:59:59.999Z", "2026-11-30"),
            (Chicago, "2026-12-01T06:00:00Z", "2026-12-01"),
            // Daylight saving time begins and ends: days of 23 and 25 hours.
            (Chicago, "2026-03-08T06:00:00Z", "2026-03-08"),
            (Chicago, "2026-03-09T04:59:59.999Z", "2026-03-08"),
            (Chicago, "2026-03-09T05:00:00Z", "2026-03-09"),
            (Chicago, "2026-11-01T05:00:00Z", "2026-11-01"),
            (Chicago, "2026-11-02T05:59:59.999Z", "2026-11-01"),
            (Chicago, "2026-11-02T06:00:00Z", "2026-11-02"),
            // The clock is set back from one o'clock to midnight, by half an hour, and a day is skipped.
            (Havana, "2025-11-02T04:00:00Z", "2025-11-02"),
            (Havana, "2025-11-02T05:00:00Z", "2025-11-02"),
            (Lord_Howe, "2026-04-04T13:00:00Z", "2026-04-05"),
            (Apia, "2011-12-30T09:59:59.999Z", "2011-12-29"),
            (Apia, "2011-12-30T10:00:00Z", "2011-12-31"),
        ] {
            let entries = [entry(occurred_at, "login")];
            let additions = additions(zone, &entries);
            let days: Vec<NaiveDate> =
                additions.types.keys().map(|key| key.0).chain(additions.actors.keys().map(|key| key.0)).collect();
            assert_eq!(days, [day(expected); 2], "{zone} {occurred_at}");
            let months: Vec<NaiveDate> = additions.actor_months.keys().map(|key| key.0).collect();
            assert_eq!(months, [day(&format!("{}-01", &expected[..7]))], "{zone} {occurred_at}");
        }
    }

    #[test]
    fn entries_of_one_key_are_counted_together_and_the_latest_is_kept() {
        let on_case = Facts { case_id: Some(Uuid::from_u128(1)), ..entry("2026-12-01T08:00:00Z", "document_viewed") };
        let (later, earlier) =
            (entry("2026-12-01T09:00:00Z", "document_viewed"), entry("2026-12-01T07:00:00Z", "document_viewed"));
        let denied = Facts { outcome: "denied".to_owned(), ..later.clone() };
        let entries = [on_case, later, earlier, denied];
        let additions = additions(Tz::UTC, &entries);
        let sum = |entry_count, on_cases| Sum { entry_count, on_cases, last_at: at("2026-12-01T09:00:00Z") };
        let today = day("2026-12-01");
        let types = [
            ((today, "document_viewed", "denied", "user"), sum(1, 0)),
            ((today, "document_viewed", "success", "user"), sum(3, 1)),
        ];
        assert_eq!(additions.types, BTreeMap::from(types));
        for actors in [&additions.actors, &additions.actor_months] {
            assert_eq!(actors.values().copied().collect::<Vec<_>>(), [sum(1, 0), sum(3, 1)]);
        }
        assert!(additions.cases.is_empty(), "reading changes no case");
    }

    #[test]
    fn an_actor_is_counted_by_name_and_topic_and_without_an_id_under_the_nil_id() {
        let system = Facts {
            actor_type: "system".to_owned(),
            actor_id: None,
            actor_label: "System".to_owned(),
            topic: Some("check_expired_holds".to_owned()),
            ..entry("2026-12-01T08:00:00Z", "cron_job_executed")
        };
        let (actor_type, actor_label) = ("anonymous".to_owned(), "Anonymous".to_owned());
        let anonymous = Facts { actor_type, actor_label, topic: None, ..system.clone() };
        let renamed = Facts { actor_label: "augusta".to_owned(), ..entry("2026-12-01T08:00:00Z", "login") };
        let entries = [system, anonymous, renamed, entry("2026-12-01T08:00:00Z", "login")];
        let additions = additions(Tz::UTC, &entries);
        let actors: Vec<_> = additions.actors.keys().map(|(_, id, label, _, _, topic)| (id.as_u128(), *label, *topic)).collect();
        let expected = [(0, "Anonymous", ""), (0, "System", "check_expired_holds"), (7, "ada", ""), (7, "augusta", "")];
        assert_eq!(actors, expected);
    }

    #[test]
    fn only_successful_changes_of_a_case_are_counted_by_case() {
        let case_id = Some(Uuid::from_u128(1));
        let counted = |action_type: &str, outcome: &str, case_id| {
            let entries = [Facts { outcome: outcome.to_owned(), case_id, ..entry("2026-12-01T08:00:00Z", action_type) }];
            additions(Tz::UTC, &entries).cases.values().flat_map(|changes| changes.0.values()).sum::<i64>()
        };
        for action in Action::all() {
            assert_eq!(counted(action.code(), "success", case_id), i64::from(action.change_types().is_some()), "{action}");
        }
        assert_eq!(counted("case_held", "denied", case_id), 0);
        assert_eq!(counted("case_held", "failure", case_id), 0);
        assert_eq!(counted("case_held", "success", None), 0);
        assert_eq!(counted("case_sung", "success", case_id), 0, "of a newer version");
    }

    #[test]
    fn the_totals_of_an_actor_have_their_successful_entries_and_the_changes_among_them() {
        let case_id = Some(Uuid::from_u128(1));
        let held = Facts { case_id, ..entry("2026-12-01T08:00:00Z", "case_held") };
        let denied = Facts { outcome: "denied".to_owned(), ..held.clone() };
        let entries = [held.clone(), entry("2026-12-01T09:00:00Z", "login"), denied, held];
        let additions = additions(Tz::UTC, &entries);
        let changes = ColumnCounts(BTreeMap::from([(ChangeColumn::Held, 2)]));
        let sum = Sum { entry_count: 3, on_cases: 2, last_at: at("2026-12-01T09:00:00Z") };
        let key = (day("2026-12-01"), Uuid::from_u128(7), "ada");
        assert_eq!(additions.totals, BTreeMap::from([(key, (sum, changes.clone()))]));
        assert_eq!(additions.cases, BTreeMap::from([((day("2026-12-01"), Uuid::from_u128(1)), changes)]));
    }
}
