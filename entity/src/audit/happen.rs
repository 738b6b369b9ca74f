//! What saving a row results in, with its events: the same preparation and consequences as the hooks, without a database.

use super::{Audited, ChangeContext, Event, Refusal, hooks};
use crate::user::Person;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue, IdenStatic, Iterable, ModelTrait, TryIntoModel};
use uuid::Uuid;

/// A row as a change left it, the events of that change, and what must follow.
pub struct AppliedChange<E: Audited> {
    pub row: E::Model,
    pub events: Vec<Event>,
    pub effects: Vec<E::Effect>,
}

/// The result of saving `row` over `before` at an instant, with its events and effects; `None` if nothing differs.
///
/// This is what the hooks do around a write, without the write. `known` returns the people that a changed column refers to.
pub fn happen<E>(
    before: Option<&E::Model>,
    mut row: E::ActiveModel,
    change: &mut ChangeContext,
    known: impl Fn(Uuid) -> Option<Person>,
    at: DateTime<Utc>,
) -> Result<Option<AppliedChange<E>>, Refusal>
where
    E: Audited,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    if !hooks::prepare::<E>(&mut row, before, &change.by, at) {
        return Ok(None);
    }
    let after = match before {
        Some(before) => changed::<E>(before, &row),
        None => inserted::<E>(row)?,
    };
    let people = hooks::people_named::<E>(before, &after).into_iter().filter_map(known).map(|person| (person.id, person));
    change.people.extend(people);
    let events = hooks::consequences::<E>(before, &after, change)?;
    let effects = E::effects(before, &after, change);
    Ok(Some(AppliedChange { row: after, events, effects }))
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
