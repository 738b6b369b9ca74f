//! Checks whether an entry can be written right now: one is written, read back, and rolled back.

use super::metadata::metadata;
use super::unit_of_work::UnitOfWork;
use super::{AuditTx, Context, Event};
use crate::audit_entry;
use crate::clock::Clock;
use crate::db::{Db, is_disk_full};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

impl AuditTx {
    /// Writes an entry as every operation does, checks that it is there, and rolls back. On SQLite, something is also committed
    /// and read back through another connection; on PostgreSQL, a temporary file is written.
    ///
    /// No metric counts the entry.
    ///
    /// # Errors
    ///
    /// If the entry is refused, or is accepted but not kept because of a trigger or a rule, if COMMIT commits nothing, or if the
    /// disk is full.
    pub async fn probe(db: &Db) -> Result<(), DbErr> {
        let context = Context::job(Uuid::now_v7());
        let unit = Arc::new(UnitOfWork::new(context.clone(), Clock::system(), db.excuses(), None));
        let mut tx = Self::begin(db, context).await?;
        tx.unit = unit;
        let metadata = metadata![AuditLogAccessed; VIEW_TYPE = "readiness", FILTERS = json!({})];
        tx.record(Event::new(metadata, ("probe", "probe".to_owned()), "Audit log read (readiness)".to_owned())).await?;
        let written = tx.unit.traces().entry.ok_or_else(|| failed("no entry was sent"))?;
        if audit_entry::Entity::find_by_id(written.id).one(&tx).await?.is_none() {
            return Err(failed("an entry was accepted but not stored"));
        }
        tx.bring_forward_commit().await?;
        tx.prove_room().await?;
        tx.inner.rollback().await?;
        match db.readers().backend() {
            DbBackend::Sqlite => prove_commit(db).await,
            _ => Ok(()),
        }
    }

    /// Runs the checks of COMMIT now.
    async fn bring_forward_commit(&self) -> Result<(), DbErr> {
        let backend = self.inner.backend();
        if backend == DbBackend::Postgres {
            return self.inner.execute(&Statement::from_string(backend, "SET CONSTRAINTS ALL IMMEDIATE")).await.map(drop);
        }
        let debt = Statement::from_string(backend, "SELECT 1 FROM audit_debt LIMIT 1");
        match self.inner.query_one(&debt).await? {
            None => Ok(()),
            Some(_) => Err(failed("an entry leaves an unresolved audit debt, so COMMIT would be refused")),
        }
    }

    /// Fails if the disk of a PostgreSQL server is full. Pages that exist may have room for the entry while new ones can't be
    /// allocated, so that a sort of 128 KiB writes a temporary file, which is on the same volume by default.
    async fn prove_room(&self) -> Result<(), DbErr> {
        let backend = self.inner.backend();
        if backend != DbBackend::Postgres {
            return Ok(());
        }
        self.inner.execute(&Statement::from_string(backend, "SELECT set_config('work_mem', '64kB', true)")).await?;
        let sort = "SELECT count(*) FROM (SELECT repeat('x', 1024) || n FROM generate_series(1, 128) AS n ORDER BY 1) AS sorted";
        match self.inner.query_one(&Statement::from_string(backend, sort)).await {
            Err(error) if is_disk_full(&error) => Err(error),
            // With `temp_file_limit` the sort may fail while entries are accepted.
            _ => Ok(()),
        }
    }
}

/// Increments a number in the header of the SQLite file that is reserved for the application and otherwise unused here, so that
/// no table is needed: another connection must be able to read what was committed.
async fn prove_commit(db: &Db) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    let next = version(&tx).await?.checked_add(1).unwrap_or(1);
    tx.execute(&Statement::from_string(DbBackend::Sqlite, format!("PRAGMA user_version = {next}"))).await?;
    tx.commit().await?;
    if version(db.readers()).await? >= next { Ok(()) } else { Err(failed("the committed data was not stored")) }
}

async fn version<C: ConnectionTrait>(db: &C) -> Result<i32, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA user_version")).await?;
    row.ok_or_else(|| failed("the database file has no header"))?.try_get("", "user_version")
}

fn failed(why: &str) -> DbErr {
    DbErr::Custom(format!("audit: {why}"))
}
