//! Writes histories after the fact: the same preparation, consequences and entries as the hooks, computed without a database, and
//! one audited bulk writer that refuses a history whose entries don't match its rows.

use super::bulk::insert;
use super::replay::gap;
use super::unit_of_work::UnitOfWork;
use super::{AuditTx, Audited, ChangeContext, Context, Event, Refusal, Replay, hooks};
use crate::user::Person;
use crate::{audit_entry, case, user};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbErr, IdenStatic, IntoActiveModel, Iterable, ModelTrait, TryIntoModel,
};
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// An entry with its own id, and therefore its own time, and its own origin.
#[derive(Clone, Debug)]
pub struct PastEntry {
    pub id: Uuid,
    pub event: Event,
    /// Shared by the entries of one operation.
    pub context: Arc<Context>,
    /// Whether the row's own hooks would have written it.
    pub by_hook: bool,
}

/// New rows with everything that ever happened to them, and entries that changed no row.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub users: Vec<user::Model>,
    pub cases: Vec<case::Model>,
    pub entries: Vec<PastEntry>,
}

/// A row as a change left it, and the events of that change.
pub type Told<M> = (M, Vec<Event>);

/// The result of saving `row` over `before` at an instant, with its events; `None` if nothing differs.
///
/// This is what the hooks do around a write, without the write. `known` returns the people that a changed column refers to.
pub fn happen<E>(
    before: Option<&E::Model>,
    mut row: E::ActiveModel,
    change: &mut ChangeContext,
    known: impl Fn(Uuid) -> Option<Person>,
    at: DateTime<Utc>,
) -> Result<Option<Told<E::Model>>, Refusal>
where
    E: Audited,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    if !hooks::prepare::<E>(&mut row, before, at) {
        return Ok(None);
    }
    let after = match before {
        Some(before) => changed::<E>(before, &row),
        None => inserted::<E>(row)?,
    };
    let people = hooks::people_named::<E>(before, &after).into_iter().filter_map(known).map(|person| (person.id, person));
    change.people.extend(people);
    let events = hooks::consequences::<E>(before, &after, change)?;
    Ok(Some((after, events)))
}

/// The row as an UPDATE of the set values would leave it.
pub(super) fn changed<E: Audited>(before: &E::Model, row: &E::ActiveModel) -> E::Model {
    let mut after = before.clone();
    for column in E::Column::iter() {
        if let ActiveValue::Set(value) = row.get(column) {
            after.set(column, value);
        }
    }
    after
}

/// The row as an INSERT would leave it: null where no value is set.
pub(super) fn inserted<E>(mut row: E::ActiveModel) -> Result<E::Model, Refusal>
where
    E: Audited,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let empty = E::ActiveModel::default_values();
    for column in E::Column::iter().filter(|column| row.get(*column).is_not_set()).collect::<Vec<_>>() {
        match empty.get(column).into_value() {
            Some(value) if value == value.as_null() => row.set(column, value),
            Some(_) | None => return Err(Refusal::Incomplete { table: E::default().table_name(), column: column.as_str() }),
        }
    }
    row.try_into_model().map_err(|_| Refusal::Incomplete { table: E::default().table_name(), column: "" })
}

impl AuditTx {
    /// Writes a history in batched statements: the rows, then their entries, as required by the safety-net triggers that run at
    /// COMMIT.
    ///
    /// The entries of each row, applied in the order of their ids, must begin with its creation and result in the row; changes of
    /// rows that aren't part of the history are refused too.
    pub async fn write_history(&self, history: History) -> Result<(), DbErr> {
        self.unit.during(self, history.write(&self.unit, self)).await
    }
}

impl History {
    async fn write<C: ConnectionTrait>(mut self, unit: &UnitOfWork, db: &C) -> Result<(), DbErr> {
        self.entries.sort_unstable_by_key(|entry| entry.id);
        self.ensure_true()?;
        let Self { users, cases, entries } = self;
        let unwritten = |error: DbErr| DbErr::from(Refusal::Unwritten(error.to_string()));
        let users = users.into_iter().map(IntoActiveModel::into_active_model).collect();
        insert::<user::Entity, C>(unit, db, users, None).await.map_err(unwritten)?;
        let cases = cases.into_iter().map(IntoActiveModel::into_active_model).collect();
        insert::<case::Entity, C>(unit, db, cases, None).await.map_err(unwritten)?;
        let kinds = entries.iter().map(|past| (past.event.action, past.event.outcome)).collect();
        let entry = |past: PastEntry| audit_entry::ActiveModel::new(past.event, past.id, &past.context, past.by_hook);
        let entries = entries.into_iter().map(entry).collect::<Result<Vec<_>, Refusal>>()?;
        insert::<audit_entry::Entity, C>(unit, db, entries, None).await.map_err(unwritten)?;
        unit.wrote(kinds);
        Ok(())
    }

    /// Refuses a history whose entries, applied in order, don't result in exactly its rows.
    fn ensure_true(&self) -> Result<(), Refusal> {
        let mut replay = Replay::default();
        let mut created = HashSet::new();
        for PastEntry { event, .. } in &self.entries {
            event.ensure_metadata()?;
            let (object_type, object_id) = (event.object.0, event.object.1.as_str());
            let changes = event.changes.as_map();
            if !changes.is_empty() && created.insert((object_type, object_id)) && !event.action.is_creation() {
                return Err(gap(object_type, object_id, "creation", Json::Null, json!(event.action)).into());
            }
            replay.follow(object_type, object_id, changes)?;
        }
        self.users.iter().try_for_each(|row| replay.ensure_row::<user::Entity>(row))?;
        self.cases.iter().try_for_each(|row| replay.ensure_row::<case::Entity>(row))?;
        ensure_rows::<user::Entity>(&replay, &self.users)?;
        ensure_rows::<case::Entity>(&replay, &self.cases)?;
        let rows = self.users.len() + self.cases.len();
        if replay.things() == rows { Ok(()) } else { Err(gap("history", "", "rows", json!(replay.things()), json!(rows)).into()) }
    }
}

/// Refuses changes of objects whose row is missing, and rows that occur twice.
fn ensure_rows<E: Audited>(replay: &Replay, rows: &[E::Model]) -> Result<(), Refusal> {
    let ids: HashSet<String> = rows.iter().map(|row| E::id(row).to_string()).collect();
    let stranger = replay.told(E::OBJECT).find(|id| !ids.contains(*id));
    match stranger {
        Some(id) => Err(gap(E::OBJECT, id, "row", json!("changed"), Json::Null).into()),
        None if ids.len() == rows.len() => Ok(()),
        None => Err(gap(E::OBJECT, "", "rows", json!(ids.len()), json!(rows.len())).into()),
    }
}
