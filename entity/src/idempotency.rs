//! Answers kept under their `Idempotency-Key`: claimed by the first statement of the effect's transaction, kept by its last, so
//! that an effect and its answer commit together or neither does.

use crate::audit::{AuditTx, Unaudited};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QuerySelect, RuntimeErr};

/// How long an answer is kept; after that its key is free again.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Digest of caller, operation and key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// Keyed digest of path and body.
    pub fingerprint: String,
    pub claimed_at: chrono::DateTime<chrono::Utc>,
    /// The answer, as in `Kept`; null only inside the transaction that is making the effect.
    pub status: Option<i32>,
    pub version: Option<i32>,
    pub location: Option<String>,
    pub answer: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The answer; what was committed without one can't be repeated.
    fn kept(self) -> Result<Claim, DbErr> {
        let Self { fingerprint, status: Some(status), version, location, answer: Some(body), .. } = self else {
            return Err(DbErr::Custom("an idempotency key was committed without its answer".into()));
        };
        Ok(Claim::Used { fingerprint, kept: Kept { status, version, location, body } })
    }
}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "it repeats an answer; the effect it answers has entries of its own";
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of HTTP.
    pub status: i32,
    /// The version in its `ETag`.
    pub version: Option<i32>,
    /// Where what was created is.
    pub location: Option<String>,
    pub body: String,
}

/// What a key turned out to be.
#[derive(Debug)]
pub enum Claim {
    /// Free: it is ours until this transaction ends.
    Ours,
    /// Used before, for the request of this fingerprint.
    Used { fingerprint: String, kept: Kept },
}

/// Claims a key. Another transaction that holds it is waited for: a 2xx of it is then found, an error of it has freed the key.
pub async fn claim(tx: &AuditTx, scope: &str, fingerprint: &str) -> Result<Claim, DbErr> {
    let row = ActiveModel {
        scope: Set(scope.to_owned()),
        fingerprint: Set(fingerprint.to_owned()),
        claimed_at: Set(tx.now()),
        status: Set(None),
        version: Set(None),
        location: Set(None),
        answer: Set(None),
    };
    let keep = OnConflict::column(Column::Scope).do_nothing().to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited row")]
    let inserted = Entity::insert(row.clone()).on_conflict(keep).exec_without_returning(tx).await?;
    if inserted > 0 {
        return Ok(Claim::Ours);
    }
    let used = Entity::find_by_id(scope).lock_exclusive().one(tx).await?.ok_or(DbErr::RecordNotUpdated)?;
    if tx.now() - used.claimed_at < KEPT_FOR {
        return used.kept();
    }
    ActiveModel { scope: Unchanged(scope.to_owned()), ..row }.update(tx).await?;
    Ok(Claim::Ours)
}

/// Keeps the answer of what this transaction is about to commit.
pub async fn keep(tx: &AuditTx, scope: &str, kept: Kept) -> Result<(), DbErr> {
    let row = ActiveModel {
        scope: Unchanged(scope.to_owned()),
        status: Set(Some(kept.status)),
        version: Set(kept.version),
        location: Set(kept.location),
        answer: Set(Some(kept.body)),
        ..Default::default()
    };
    row.update(tx).await.map(drop)
}

/// Forgets every answer that was kept long enough; how many.
pub async fn forget_old(tx: &AuditTx) -> Result<u64, DbErr> {
    let before: DateTime<Utc> = tx.now() - KEPT_FOR;
    #[expect(clippy::disallowed_methods, reason = "unaudited rows that have had their time")]
    let forgotten = Entity::delete_many().filter(Column::ClaimedAt.lt(before)).exec(tx).await?;
    Ok(forgotten.rows_affected)
}

/// Whether waiting for whoever holds a key took too long (PostgreSQL's `lock_not_available`).
pub fn is_held(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else { return false };
    cause.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}
