//! Hooks that run before and after every audited row is saved; they know no business meaning, which is defined by the row's
//! `events`.

use super::bulk::rows_a_statement;
use super::commit::WrittenEntry;
use super::guard::Write;
use super::unit_of_work::UnitOfWork;
use super::{Actor, CarryOut, ChangeContext, Context, Event, Refusal, changes};
use crate::audit_entry;
use crate::db::{Placed, Verb};
use crate::user::Person;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityName, EntityTrait, IdenStatic, Iterable,
    ModelTrait, QueryFilter, QuerySelect, QueryTrait, Value,
};
use serde_json::Value as Json;
use uuid::Uuid;

/// A row whose every change leaves an entry. `audited!` implements all of this except `events` and `effects`.
pub trait Audited: EntityTrait<Model: Placed + PartialEq + Sync + 'static> {
    /// The wire name of the object: `object_type` of its entries.
    const OBJECT: &'static str;
    const ID: Self::Column;
    const CREATED_AT: Self::Column;

    fn id(row: &Self::Model) -> Uuid;
    fn version(row: &Self::Model) -> i32;
    fn updated_at(row: &Self::Model) -> DateTime<Utc>;
    fn stamp(row: &mut Self::ActiveModel, created: bool, version: i32, at: DateTime<Utc>);

    /// Sets further bookkeeping columns when the row changes.
    fn keep(_row: &mut Self::ActiveModel, _before: &Self::Model, _by: &Actor, _at: DateTime<Utc>) {}

    /// Columns that no entry covers: the key, and columns maintained by the hooks themselves or by counters.
    fn is_bookkeeping(column: Self::Column) -> bool;
    /// Columns that entries show as length and digest.
    fn is_long_text(column: Self::Column) -> bool;
    /// Columns that hold a user's id; entries show that user's username.
    fn people() -> &'static [Self::Column];
    /// The person that this row represents, if any.
    fn person(_row: &Self::Model) -> Option<Person> {
        None
    }
    /// The name of a column on the wire.
    fn wire_name(column: Self::Column) -> &'static str {
        column.as_str()
    }
    /// The wire representation of a column, if it differs from the stored one.
    fn wire_value(_row: &Self::Model, _column: Self::Column) -> Option<Json> {
        None
    }
    /// The wire representation of the value that a text stands for in a column; `None` if it is no value of the column's.
    fn wire_of_text(column: Self::Column, text: &str) -> Option<Json> {
        changes::stored_value::<Self>(column, text)
    }

    /// What may have to follow a change.
    type Effect: CarryOut;

    /// The meaning of a change. Pure: no clock, no database, no request.
    fn events(before: Option<&Self::Model>, after: &Self::Model, change: &ChangeContext) -> Vec<Event>;

    /// What must follow a change besides its entries, in the same transaction. Pure as well.
    fn effects(_before: Option<&Self::Model>, _after: &Self::Model, _change: &ChangeContext) -> Vec<Self::Effect> {
        Vec::new()
    }
}

/// Determines what differs from the stored row, stamps it and clears its one statement; clears nothing if nothing differs.
pub async fn before_save<E, C>(mut row: E::ActiveModel, db: &C, insert: bool) -> Result<E::ActiveModel, DbErr>
where
    E: Audited,
    C: ConnectionTrait,
{
    let unit = UnitOfWork::current(db)?;
    let table = E::default().table_name().to_owned();
    let (verb, before) = match insert {
        true => (Verb::Insert, None),
        false => (Verb::Update, Some(stored::<E, C>(&unit, db, key::<E>(&row)?).await?)),
    };
    if prepare::<E>(&mut row, before.as_ref(), &unit.context.actor, unit.now()) {
        unit.clear(Write { verb, table });
    }
    Ok(row)
}

/// Reduces a row to what differs from `before`, and stamps it with the time. Returns whether there is anything to write.
pub(super) fn prepare<E: Audited>(row: &mut E::ActiveModel, before: Option<&E::Model>, by: &Actor, at: DateTime<Utc>) -> bool {
    let Some(before) = before else {
        E::stamp(row, true, 1, at);
        return true;
    };
    let any = keep_differences::<E>(row, before);
    if any {
        E::stamp(row, false, E::version(before).saturating_add(1), at);
        E::keep(row, before, by, at);
    }
    any
}

/// Writes the entries of the change, through the same connection as the row, and leaves its effects to the save that runs here.
pub async fn after_save<E, C>(after: E::Model, db: &C, insert: bool) -> Result<E::Model, DbErr>
where
    E: Audited,
    C: ConnectionTrait,
{
    let unit = UnitOfWork::current(db)?;
    let before = if insert { None } else { unit.recall::<E>(E::id(&after)) };
    // Nothing was written; sea-orm calls this hook nevertheless.
    if before.as_ref() == Some(&after) {
        return Ok(after);
    }
    meet_people::<E, C>(&unit, db, before.as_ref(), &after).await?;
    let change = unit.change_context();
    let events = consequences::<E>(before.as_ref(), &after, &change)?;
    write(&unit, db, events, true).await?;
    unit.owe(E::effects(before.as_ref(), &after, &change));
    unit.remember::<E>(after.clone());
    Ok(after)
}

/// The checked events of a change, with the names of the people in them: every changed column is covered by exactly one event.
/// Pure, like the row's `events`.
pub fn consequences<E: Audited>(
    before: Option<&E::Model>,
    after: &E::Model,
    change: &ChangeContext,
) -> Result<Vec<Event>, Refusal> {
    let mut events = E::events(before, after, change);
    for column in changes::differing::<E>(before, after) {
        changes::ensure_showable::<E>(after, column)?;
        let (table, field) = (E::default().table_name(), E::wire_name(column));
        match events.iter().filter(|event| event.changes.names(field)).count() {
            1 => {}
            0 => return Err(Refusal::Unnamed { table, column: field }),
            _ => return Err(Refusal::NamedTwice { table, column: field }),
        }
    }
    for event in &mut events {
        let columns = E::people().iter().filter(|column| event.changes.names(E::wire_name(**column)));
        let people = columns.flat_map(|column| people_in::<E>(before, after, *column)).filter_map(|id| change.people.get(&id));
        event.names = people.map(|person| (person.id, person.full_name.clone())).collect();
    }
    Ok(events)
}

/// Inserts the entries, as many per statement as the database can bind, and returns their ids.
pub(super) async fn write<C: ConnectionTrait>(
    unit: &UnitOfWork,
    db: &C,
    events: Vec<Event>,
    by_hook: bool,
) -> Result<Vec<Uuid>, DbErr> {
    write_as(unit, db, &unit.context, events, by_hook).await
}

/// The same, with a different origin than the transaction's.
pub(super) async fn write_as<C: ConnectionTrait>(
    unit: &UnitOfWork,
    db: &C,
    context: &Context,
    events: Vec<Event>,
    by_hook: bool,
) -> Result<Vec<Uuid>, DbErr> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    for event in &events {
        event.ensure_metadata()?;
    }
    let kinds = events.iter().map(|event| (event.action, event.outcome)).collect();
    let now = unit.now();
    let (size, mut ids) = (rows_a_statement::<audit_entry::Entity>(db.get_database_backend()), Vec::with_capacity(events.len()));
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let entry = |event| {
            let id = unit.clock.id(now);
            ids.push(id);
            audit_entry::ActiveModel::new(event, id, context, by_hook)
        };
        let entries = events.by_ref().take(size).map(entry).collect::<Result<Vec<_>, Refusal>>()?;
        insert(unit, db, entries).await?;
    }
    unit.wrote(kinds);
    Ok(ids)
}

/// Inserts the entries of one statement. PostgreSQL also returns the id of their transaction.
async fn insert<C: ConnectionTrait>(unit: &UnitOfWork, db: &C, entries: Vec<audit_entry::ActiveModel>) -> Result<(), DbErr> {
    unit.clear(Write { verb: Verb::Insert, table: audit_entry::Entity.table_name().to_owned() });
    let id = entries.first().and_then(|entry| entry.id.try_as_ref().copied());
    #[expect(clippy::disallowed_methods, reason = "this is the one place that writes entries")]
    let mut insert = audit_entry::Entity::insert_many(entries).into_query();
    if db.get_database_backend() == DbBackend::Postgres {
        insert.returning(Query::returning().exprs([Expr::col("txid").cast_as("text")]));
    }
    let rows = db.query_all(&insert).await.map_err(Refusal::unwritten)?;
    let txid = rows.first().map(|row| row.try_get_by_index(0)).transpose()?;
    if let Some(id) = id {
        unit.leave(WrittenEntry { id, txid });
    }
    Ok(())
}

/// The stored row: remembered from when it was locked, or locked and read now.
async fn stored<E: Audited, C: ConnectionTrait>(unit: &UnitOfWork, db: &C, id: Uuid) -> Result<E::Model, DbErr> {
    if let Some(row) = unit.recall::<E>(id) {
        return Ok(row);
    }
    let row = E::find().filter(E::ID.eq(id)).lock_exclusive().one(db).await?.ok_or(DbErr::RecordNotUpdated)?;
    unit.remember::<E>(row.clone());
    Ok(row)
}

/// Drops every value that is already stored. Returns whether anything is left.
fn keep_differences<E: Audited>(row: &mut E::ActiveModel, before: &E::Model) -> bool {
    let mut any = false;
    for column in E::Column::iter().filter(|column| column.as_str() != E::ID.as_str()) {
        match row.get(column) {
            ActiveValue::Set(value) if value != before.get(column) => any = true,
            ActiveValue::Set(_) => row.not_set(column),
            ActiveValue::Unchanged(_) | ActiveValue::NotSet => {}
        }
    }
    any
}

pub(super) fn key<E: Audited>(row: &E::ActiveModel) -> Result<Uuid, DbErr> {
    match row.get(E::ID).into_value() {
        Some(Value::Uuid(Some(id))) => Ok(id),
        _ => Err(DbErr::UpdateGetPrimaryKey),
    }
}

/// Loads, in one statement, the names of all people whom a changed column refers to and who aren't loaded yet.
async fn meet_people<E, C>(unit: &UnitOfWork, db: &C, before: Option<&E::Model>, after: &E::Model) -> Result<(), DbErr>
where
    E: Audited,
    C: ConnectionTrait,
{
    let unknown = unit.people_to_load(people_named::<E>(before, after).into_iter());
    if !unknown.is_empty() {
        unit.add_people(Person::load(db, unknown).await?);
    }
    Ok(())
}

/// All people whom a changed column refers to, before or after.
pub(super) fn people_named<E: Audited>(before: Option<&E::Model>, after: &E::Model) -> Vec<Uuid> {
    let differs = |column: &&E::Column| before.is_none_or(|before| before.get(**column) != after.get(**column));
    E::people().iter().filter(differs).flat_map(|column| people_in::<E>(before, after, *column)).collect()
}

/// The people whom one column refers to, before and after.
fn people_in<E: Audited>(before: Option<&E::Model>, after: &E::Model, column: E::Column) -> Vec<Uuid> {
    let person = |row: &E::Model| match row.get(column) {
        Value::Uuid(Some(id)) => Some(id),
        _ => None,
    };
    before.into_iter().chain([after]).filter_map(person).collect()
}

/// Makes a row audited: `audited! { "case", events: events::events, effects: effects::effects => Effect, long_texts: [..], .. }`.
///
/// The row must have `id`, `version`, `created_at` and `updated_at`; the hooks maintain the last three.
macro_rules! audited {
    (@effect) => { $crate::audit::Nothing };
    (@effect $effect:ty) => { $effect };
    (
        $object:literal, events: $events:path $(, effects: $effects:path => $effect:ty)?
        $(, long_texts: [$($long:ident),*])? $(, people: [$($person:ident),*])? $(, bookkeeping: [$($kept:ident),*])?
        $(, is_person: $as_person:path)? $(, wire_name: $wire_name:path)?
        $(, wire_value: $wire_value:path, wire_of_text: $wire_of_text:path)?
        $(, keep: $keep:path)? $(,)?
    ) => {
        impl $crate::audit::Audited for Entity {
            type Effect = $crate::audit::audited!(@effect $($effect)?);

            const OBJECT: &'static str = $object;
            const ID: Column = Column::Id;
            const CREATED_AT: Column = Column::CreatedAt;

            fn id(row: &Model) -> uuid::Uuid {
                row.id
            }
            fn version(row: &Model) -> i32 {
                row.version
            }
            fn updated_at(row: &Model) -> chrono::DateTime<chrono::Utc> {
                row.updated_at
            }
            fn stamp(row: &mut ActiveModel, created: bool, version: i32, at: chrono::DateTime<chrono::Utc>) {
                if created {
                    row.created_at = sea_orm::ActiveValue::Set(at);
                }
                row.version = sea_orm::ActiveValue::Set(version);
                row.updated_at = sea_orm::ActiveValue::Set(at);
            }
            fn is_bookkeeping(column: Column) -> bool {
                matches!(column, Column::Id | Column::Version | Column::CreatedAt | Column::UpdatedAt $($(| Column::$kept)*)?)
            }
            fn is_long_text(column: Column) -> bool {
                let long: &[Column] = &[$($(Column::$long),*)?];
                long.iter().any(|other| std::mem::discriminant(other) == std::mem::discriminant(&column))
            }
            fn people() -> &'static [Column] {
                &[$($(Column::$person),*)?]
            }
            $(fn person(row: &Model) -> Option<$crate::user::Person> {
                Some($as_person(row))
            })?
            $(fn keep(
                row: &mut ActiveModel,
                before: &Model,
                by: &$crate::audit::Actor,
                at: chrono::DateTime<chrono::Utc>,
            ) {
                $keep(row, before, by, at);
            })?
            $(fn wire_name(column: Column) -> &'static str {
                $wire_name(column)
            })?
            $(fn wire_value(row: &Model, column: Column) -> Option<serde_json::Value> {
                $wire_value(row, column)
            }
            fn wire_of_text(column: Column, text: &str) -> Option<serde_json::Value> {
                $wire_of_text(column, text)
            })?
            fn events(before: Option<&Model>, after: &Model, change: &$crate::audit::ChangeContext) -> Vec<$crate::audit::Event> {
                $events(before, after, change)
            }
            $(fn effects(before: Option<&Model>, after: &Model, change: &$crate::audit::ChangeContext) -> Vec<$effect> {
                $effects(before, after, change)
            })?
        }

        #[async_trait::async_trait]
        impl sea_orm::ActiveModelBehavior for ActiveModel {
            async fn before_save<C: sea_orm::ConnectionTrait>(self, db: &C, insert: bool) -> Result<Self, sea_orm::DbErr> {
                $crate::audit::hooks::before_save::<Entity, C>(self, db, insert).await
            }
            async fn after_save<C: sea_orm::ConnectionTrait>(row: Model, db: &C, insert: bool) -> Result<Model, sea_orm::DbErr> {
                $crate::audit::hooks::after_save::<Entity, C>(row, db, insert).await
            }
            async fn before_delete<C: sea_orm::ConnectionTrait>(self, _db: &C) -> Result<Self, sea_orm::DbErr> {
                Err($crate::audit::Refusal::NeverDeleted($object).into())
            }
        }
    };
}
pub(crate) use audited;
