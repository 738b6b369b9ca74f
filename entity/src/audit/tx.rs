//! The only way to write: begin, lock, save, record, commit.

use super::commit::{self, CommitWatch, Fate};
use super::key::{Key, Value};
use super::rights::{HeldRights, RightsSource};
use super::unit_of_work::UnitOfWork;
use super::{Audited, CarryOut, Context, Event, Refusal, hooks};
use crate::db::{self, Db, Readers, WriteTransaction};
use crate::user::Person;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ActiveModelBehavior, ActiveValue, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, IntoActiveModel, QueryResult,
    QuerySelect, Select, Statement,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// One operation's transaction: its changes and their entries commit together, or neither does.
///
/// It is a connection for reads, and for the writes that its own hooks clear. Dropped without `commit`, or broken by any error,
/// including one that the caller swallowed, it rolls back. Only SQL happens inside: on SQLite every other writer waits for it.
pub struct AuditTx {
    pub(super) inner: WriteTransaction,
    pub(super) unit: Arc<UnitOfWork>,
    held: HeldRights,
    /// Where to query what became of the transaction if the reply to COMMIT is lost.
    readers: Readers,
    decision_patience: Duration,
    /// Is notified if entries were committed.
    written: Arc<Notify>,
    /// Counts transactions that may have ended a user's rights.
    rights_changes: Arc<AtomicU64>,
}

impl AuditTx {
    pub async fn begin(db: &Db, context: Context) -> Result<Self, DbErr> {
        Ok(Self::open(db, db.begin().await?, HeldRights::default(), context))
    }

    /// The same for a transaction that takes long, such as a job's: on SQLite it shares its COMMIT with no other, and none waits
    /// for it longer than necessary.
    pub async fn begin_unshared(db: &Db, context: Context) -> Result<Self, DbErr> {
        Ok(Self::open(db, db.begin_unshared(None).await?, HeldRights::default(), context))
    }

    /// The same for a transaction that may end the rights of a user: no one acts with those rights meanwhile.
    pub async fn begin_over(db: &Db, user_id: Uuid, context: Context) -> Result<Self, DbErr> {
        let held = HeldRights { actor: None, over: Some(user_id) };
        Ok(Self::open(db, held.begin(db).await?, held, context))
    }

    /// The same for a caller who was admitted before, with their rights as they are now. Their rights don't end before this
    /// transaction does, and `over` is the user whose rights may end with it.
    pub async fn begin_by<R: RightsSource>(
        db: &Db,
        by: (Uuid, &R),
        over: Option<Uuid>,
        context: impl FnOnce(&R::Admission) -> Context,
    ) -> Result<(Self, R::Admission), DbErr> {
        let held = HeldRights { actor: Some(by.0), over };
        Self::admit(db, held.begin(db).await?, held, by.1, context).await
    }

    /// The same for a job that a caller has requested, as `begin_unshared`.
    pub async fn begin_unshared_by<R: RightsSource>(
        db: &Db,
        by: (Uuid, &R),
        context: impl FnOnce(&R::Admission) -> Context,
    ) -> Result<(Self, R::Admission), DbErr> {
        let held = HeldRights { actor: Some(by.0), over: None };
        Self::admit(db, held.begin_unshared(db).await?, held, by.1, context).await
    }

    async fn admit<R: RightsSource>(
        db: &Db,
        inner: WriteTransaction,
        held: HeldRights,
        rights: &R,
        context: impl FnOnce(&R::Admission) -> Context,
    ) -> Result<(Self, R::Admission), DbErr> {
        let admission = rights.read(&inner, db.clock().now()).await?;
        let tx = Self::open(db, inner, held, context(&admission));
        Ok((tx, admission))
    }

    /// `now` is read here: once the locks on rights are ours.
    fn open(db: &Db, inner: WriteTransaction, held: HeldRights, context: Context) -> Self {
        let unit = Arc::new(UnitOfWork::new(context, db.clock().clone(), db.excuses(), db.observer()));
        Self {
            inner,
            unit,
            held,
            readers: db.readers().clone(),
            decision_patience: db.decision_patience(),
            written: Arc::clone(db.written()),
            rights_changes: Arc::clone(db.rights_counter()),
        }
    }

    /// What ends a user's rights must begin with `over` that user; otherwise one of their actions could be committed after it.
    pub(crate) fn ensure_over(&self, user_id: Uuid) -> Result<(), DbErr> {
        if self.held.over == Some(user_id) { Ok(()) } else { Err(self.unit.break_with(Refusal::RightsNotHeld).into()) }
    }

    /// The reason that the caller gave, for every entry that follows.
    pub fn with_reason(self, reason: impl Into<String>) -> Self {
        self.unit.amend(|change| change.reason = Some(reason.into()));
        self
    }

    /// The reason, where it is optional.
    pub fn with_reason_if(self, reason: Option<&str>) -> Self {
        self.unit.amend(|change| change.reason = reason.map(str::to_owned));
        self
    }

    /// A detail for the entries that is in no column, such as `docs_verified`.
    pub fn with_note<T>(self, key: Key<T>, value: impl Value<T>) -> Self {
        self.note(key, value);
        self
    }

    /// The same for details that are only known later.
    pub fn note<T>(&self, key: Key<T>, value: impl Value<T>) {
        self.unit.amend(|change| change.note(key, value));
    }

    /// The time of this operation: one reading for the row's times and its entries, taken once the last lock was ours.
    pub fn now(&self) -> DateTime<Utc> {
        self.unit.now()
    }

    /// Reads one row for update and remembers it, so that its next change is compared with what is really stored.
    ///
    /// The row is locked only against changes: its key never changes, so transactions that merely refer to it don't have to wait.
    pub async fn lock<E: Audited>(&self, query: Select<E>) -> Result<Option<E::Model>, DbErr> {
        let row = db::first_row(self, for_update(query)).await?;
        Ok(row.inspect(|row| self.remember_locked::<E>(row)))
    }

    /// Remembers a row that the statement which read this transaction's rights selected `for_update`.
    pub(crate) fn remember_locked<E: Audited>(&self, row: &E::Model) {
        self.unit.remember::<E>(row.clone());
    }

    /// Saves a row, new (its id is `Set`) or changed (its id is `Unchanged`), with the entries that describe the change
    /// and with what must follow it.
    ///
    /// A row in which nothing differs is left alone: no entry, no new version.
    pub async fn save<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model, DbErr>
    where
        A: ActiveModelBehavior + Send,
        A::Entity: Audited,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let is_new = matches!(row.get(<A::Entity as Audited>::ID), ActiveValue::Set(_));
        let write = async {
            let row = if is_new { row.insert(self).await } else { row.update(self).await }?;
            for effect in self.unit.owed::<<A::Entity as Audited>::Effect>() {
                Box::pin(effect.carry_out(self)).await?;
            }
            Ok(row)
        };
        self.unit.during(self, write).await
    }

    /// The people whose names this transaction knows, and those of `ids` it didn't know, read in one statement.
    pub async fn people(&self, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Person>, DbErr> {
        let unknown = self.unit.people_to_load(ids);
        if !unknown.is_empty() {
            self.unit.add_people(Person::load(self, unknown).await?);
        }
        Ok(self.unit.change_context().people)
    }

    /// A new id with this transaction's time.
    pub fn new_id(&self) -> Uuid {
        self.id_at(self.now())
    }

    /// A new id with the time of a change that was already made.
    pub(crate) fn id_at(&self, at: DateTime<Utc>) -> Uuid {
        self.unit.clock.id(at)
    }

    /// Records something that changed no row of its own: a login, a report, an export.
    pub async fn record(&self, event: Event) -> Result<(), DbErr> {
        self.unit.during(self, hooks::write(&self.unit, self, vec![event], false)).await.map(drop)
    }

    /// The same with another actor: the one who requested what the service then did.
    pub async fn record_as(&self, context: &Context, event: Event) -> Result<(), DbErr> {
        self.unit.during(self, hooks::write_as(&self.unit, self, context, vec![event], false)).await.map(drop)
    }

    /// A row that this transaction has locked or saved, as it is now.
    pub(crate) fn remembered<E: Audited>(&self, id: Uuid) -> Option<E::Model> {
        self.unit.recall::<E>(id)
    }

    /// Reads rows for update and remembers them. Rows locked by another transaction are skipped: a later run picks them up.
    pub async fn lock_free<E: Audited>(&self, query: Select<E>) -> Result<Vec<E::Model>, DbErr> {
        let rows = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).all(self).await?;
        Ok(rows.into_iter().inspect(|row| self.unit.remember::<E>(row.clone())).collect())
    }

    /// Commits, and makes sure of the result: if the connection was lost at COMMIT, another one is queried for what became of it.
    ///
    /// `Refusal::CommitUnknown` if that can't be determined either, or if SQLite could not sync; any other error means that
    /// nothing was changed.
    pub async fn commit(self) -> Result<(), DbErr> {
        CommitWatch::begin();
        let unit = Arc::clone(&self.unit);
        let _written = unit.traces().entry.map(|_| Written(Arc::clone(&self.written)));
        let _counted = self.held.over.map(|_| RightsChange(Arc::clone(&self.rights_changes)));
        let end = self.end().await;
        unit.conclude(&end);
        end
    }

    async fn end(self) -> Result<(), DbErr> {
        if let Err(refusal) = self.unit.ensure_whole() {
            // Whether the rollback succeeds or the connection is closed, nothing remains.
            drop(self.inner.rollback().await);
            return Err(refusal.into());
        }
        let traces = self.unit.traces();
        let Err(error) = self.inner.commit().await else { return Ok(()) };
        if db::is_unsynced(&error) {
            return Err(Refusal::CommitUnknown.into());
        }
        if !db::is_lost(&error) {
            return Err(error);
        }
        match commit::fate(&self.readers, &traces, self.decision_patience).await {
            Fate::Committed => Ok(()),
            Fate::RolledBack => Err(error),
            Fate::Unknown => Err(Refusal::CommitUnknown.into()),
        }
    }

    fn ensure_admitted(&self, statement: &Statement) -> Result<(), DbErr> {
        Ok(self.unit.admit(&statement.sql)?)
    }

    /// Any failed statement ends the transaction. PostgreSQL does so by itself; SQLite would commit the rest.
    fn watch<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        result.inspect_err(|_| drop(self.unit.break_with(super::Refusal::Broken)))
    }

    /// Runs one write as `save` does.
    pub(crate) async fn during<T>(&self, write: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.unit.during(self, write).await
    }
}

/// Notifies of an entry when the COMMIT has ended, also if its writer is gone by then: it may have been committed all the same.
struct Written(Arc<Notify>);

impl Drop for Written {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A transaction that may have ended a user's rights is counted when its COMMIT has ended, however: without an answer, or with an
/// error, it may have been committed all the same.
struct RightsChange(Arc<AtomicU64>);

impl Drop for RightsChange {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// All of sea-orm's builders end in these four.
#[async_trait::async_trait]
impl ConnectionTrait for AuditTx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.ensure_admitted(&statement)?;
        self.watch(self.inner.execute(&statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        // It may contain several statements, of which the guard would see only the first.
        Err(self.unit.break_with(super::Refusal::Statement(sql.chars().take(40).collect())).into())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ensure_admitted(&statement)?;
        self.watch(self.inner.query_one(&statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ensure_admitted(&statement)?;
        self.watch(self.inner.query_all(&statement).await)
    }
}

/// Locks a row against changes, not against transactions that refer to it.
pub(crate) fn for_update<E: EntityTrait>(row: Select<E>) -> Select<E> {
    // On SQLite the clause is omitted: BEGIN IMMEDIATE is the lock.
    row.lock(LockType::NoKeyUpdate)
}
