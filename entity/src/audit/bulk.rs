//! Saves many rows of one kind with the same preparation, consequences and entries as the hooks, in batched statements.

use super::guard::Write;
use super::happen::{changed, inserted};
use super::unit_of_work::UnitOfWork;
use super::{Action, AuditTx, Audited, CarryOut, Event, Outcome, Refusal, hooks};
use crate::db::Verb;
use crate::user::Person;
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelBehavior, ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic,
    IntoActiveModel, Iterable, QueryFilter, QueryOrder, QuerySelect, Select, TryIntoModel,
};
use std::collections::HashSet;
use uuid::Uuid;

/// More than a few hundred rows per statement bring no further gain.
const ROWS_MAX: usize = 500;

impl AuditTx {
    /// Reads any number of rows for update and remembers them, so that their next change is compared with what is stored.
    ///
    /// Rows are locked in the order of their ids, so that two such calls can't deadlock; and only against changes, so that
    /// transactions that merely refer to a row (as a new case refers to its member) don't have to wait.
    pub async fn lock_many<E: Audited>(&self, query: Select<E>) -> Result<Vec<E::Model>, DbErr> {
        let mut rows: Vec<E::Model> = Vec::new();
        loop {
            let beyond = rows.last().map(|last| E::ID.gt(E::id(last)));
            let page = query.clone().filter(Condition::all().add_option(beyond)).order_by_asc(E::ID);
            let page = page.limit(u64::try_from(ROWS_MAX).unwrap_or(u64::MAX)).lock(LockType::NoKeyUpdate).all(self).await?;
            let is_last = page.len() < ROWS_MAX;
            page.iter().for_each(|row| self.unit.remember::<E>(row.clone()));
            rows.extend(page);
            if is_last {
                return Ok(rows);
            }
        }
    }

    /// Saves rows as `save` does for each, and records the events in `together`, all in batched statements.
    ///
    /// A row to be changed must have been locked by this transaction. A row in which nothing differs is not written, but the
    /// events that its `events` returns are.
    pub async fn save_many<A>(&self, rows: Vec<A>, together: Vec<Event>) -> Result<Vec<<A::Entity as EntityTrait>::Model>, DbErr>
    where
        A: ActiveModelBehavior + TryIntoModel<<A::Entity as EntityTrait>::Model> + Send,
        A::Entity: Audited<ActiveModel = A>,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let write = async {
            let (rows, effects) = save::<A::Entity, Self>(&self.unit, self, rows, together).await?;
            for effect in effects {
                Box::pin(effect.carry_out(self)).await?;
            }
            Ok(rows)
        };
        self.unit.during(self, write).await
    }

    /// Records many events that changed no row of their own; returns the ids of the entries.
    pub async fn record_many(&self, events: Vec<Event>) -> Result<Vec<Uuid>, DbErr> {
        self.unit.during(self, hooks::write(&self.unit, self, events, false)).await
    }
}

/// For histories, whose entries are written together with rows that had their changes long ago.
impl AuditTx {
    /// Inserts rows without their hooks, inside `during`: the caller makes sure that entries record them.
    pub(crate) async fn insert_all<E: EntityTrait<ActiveModel: Send>>(&self, rows: Vec<E::ActiveModel>) -> Result<(), DbErr> {
        insert::<E, Self>(&self.unit, self, rows, None).await
    }

    /// Replaces rows that exist, likewise.
    pub(crate) async fn replace_all<E: Audited<ActiveModel: Send>>(&self, rows: Vec<E::ActiveModel>) -> Result<(), DbErr> {
        insert::<E, Self>(&self.unit, self, rows, Some(replacement::<E>())).await
    }

    /// Remembers the kinds of the inserted entries until COMMIT makes them permanent.
    pub(crate) fn wrote(&self, entries: Vec<(Action, Outcome)>) {
        self.unit.wrote(entries);
    }
}

/// One of many rows, before and after its change.
struct Change<M> {
    before: Option<M>,
    after: M,
    /// Whether any field differs.
    any: bool,
}

/// The saved rows, and what must follow.
type Saved<E> = (Vec<<E as EntityTrait>::Model>, Vec<<E as Audited>::Effect>);

async fn save<E, C>(unit: &UnitOfWork, db: &C, rows: Vec<E::ActiveModel>, together: Vec<Event>) -> Result<Saved<E>, DbErr>
where
    E: Audited,
    E::ActiveModel: TryIntoModel<E::Model> + Send,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let changes = prepared::<E>(unit, rows)?;
    load_people::<E, C>(unit, db, &changes).await?;
    let change_context = unit.change_context();
    let (mut events, mut effects) = (Vec::with_capacity(changes.len()), Vec::new());
    for change in &changes {
        // A row in which nothing differs may be recorded, as the reset of a full allowance is, but leads to nothing else.
        if change.any {
            effects.extend(E::effects(change.before.as_ref(), &change.after, &change_context));
        }
        events.extend(hooks::consequences::<E>(change.before.as_ref(), &change.after, &change_context)?);
    }
    let written = |is_new: bool| {
        let those = changes.iter().filter(move |change| change.any && change.before.is_none() == is_new);
        those.map(|change| change.after.clone().into_active_model()).collect()
    };
    insert::<E, C>(unit, db, written(true), None).await?;
    // Every row exists and is locked.
    insert::<E, C>(unit, db, written(false), Some(replacement::<E>())).await?;
    // After the rows, as required by the safety-net triggers that run at COMMIT.
    hooks::write(unit, db, events, true).await?;
    hooks::write(unit, db, together, false).await?;
    let rows: Vec<E::Model> = changes.into_iter().map(|change| change.after).collect();
    rows.iter().for_each(|row| unit.remember::<E>(row.clone()));
    Ok((rows, effects))
}

/// What saving each row results in. A row that occurs twice in the list would be compared with an outdated version, so it is
/// refused.
fn prepared<E>(unit: &UnitOfWork, rows: Vec<E::ActiveModel>) -> Result<Vec<Change<E::Model>>, Refusal>
where
    E: Audited,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let unlocked = || Refusal::Unlocked(E::default().table_name());
    let (mut seen, now) = (HashSet::new(), unit.now());
    let change = |mut row: E::ActiveModel| {
        let id = hooks::key::<E>(&row).map_err(|_| unlocked())?;
        let is_new = matches!(sea_orm::ActiveModelTrait::get(&row, E::ID), ActiveValue::Set(_));
        let before = if is_new { None } else { Some(unit.recall::<E>(id).ok_or_else(unlocked)?) };
        if !seen.insert(id) {
            return Err(unlocked());
        }
        let any = hooks::prepare::<E>(&mut row, before.as_ref(), &unit.context.actor, now);
        let after = match &before {
            Some(before) => changed::<E>(before, &row),
            None => inserted::<E>(row)?,
        };
        Ok(Change { before, after, any })
    };
    rows.into_iter().map(change).collect()
}

/// Loads the names of all people whom the rows refer to and who aren't loaded yet.
async fn load_people<E: Audited, C: ConnectionTrait>(
    unit: &UnitOfWork,
    db: &C,
    changes: &[Change<E::Model>],
) -> Result<(), DbErr> {
    let named = changes.iter().flat_map(|change| hooks::people_named::<E>(change.before.as_ref(), &change.after));
    for unknown in unit.people_to_load(named).chunks(ROWS_MAX) {
        unit.add_people(Person::load(db, unknown.to_vec()).await?);
    }
    Ok(())
}

/// Inserts rows, as many per statement as the database can bind, with a clearance for each statement.
async fn insert<E, C>(unit: &UnitOfWork, db: &C, rows: Vec<E::ActiveModel>, on_conflict: Option<OnConflict>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::ActiveModel: Send,
    C: ConnectionTrait,
{
    let size = rows_a_statement::<E>(db.get_database_backend());
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<_> = rows.by_ref().take(size).collect();
        unit.clear(Write { verb: Verb::Insert, table: E::default().table_name().to_owned() });
        #[expect(clippy::disallowed_methods, reason = "the callers make sure that audit entries record these rows")]
        let insert = E::insert_many(batch);
        match on_conflict.clone() {
            Some(on_conflict) => insert.on_conflict(on_conflict).exec_without_returning(db).await,
            None => insert.exec_without_returning(db).await,
        }?;
    }
    Ok(())
}

/// One statement that gives each existing row its own values.
fn replacement<E: Audited>() -> OnConflict {
    let others = E::Column::iter().filter(|column| column.as_str() != E::ID.as_str());
    OnConflict::column(E::ID).update_columns(others).to_owned()
}

/// How many rows fit into one statement: each value is bound.
pub(super) fn rows_a_statement<E: EntityTrait>(backend: DbBackend) -> usize {
    let bound = if backend == DbBackend::Postgres { 65_535 } else { 32_766 };
    (bound / E::Column::iter().count().max(1)).clamp(1, ROWS_MAX)
}
