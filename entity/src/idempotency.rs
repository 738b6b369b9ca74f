//! Responses stored under their `Idempotency-Key`: claimed by the first statement of the effect's transaction and stored by its
//! last, so that an effect and its response commit together or neither does.

use crate::audit::{AuditTx, Unaudited, Verb};
use chrono::TimeDelta;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict, Query};

/// How long a response is kept; after that its key is free again.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// How many responses `forget_old` deletes in one transaction.
pub const FORGOTTEN_AT_ONCE: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Digest of caller, operation and key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// Keyed digest of path and body.
    pub fingerprint: String,
    pub claimed_at: chrono::DateTime<chrono::Utc>,
    /// The response, as in `StoredResponse`; null only inside the transaction that produces the effect.
    pub status: Option<i32>,
    pub version: Option<i32>,
    pub location: Option<String>,
    pub answer: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The stored response; a key that was committed without one can't be replayed.
    fn kept(self) -> Result<Claim, DbErr> {
        let Self { fingerprint, status: Some(status), version, location, answer: Some(body), .. } = self else {
            return Err(DbErr::Custom("an idempotency key was committed without its response".into()));
        };
        Ok(Claim::Used { fingerprint, kept: StoredResponse { status, version, location, body } })
    }
}

impl Unaudited for Entity {
    const REASON: &'static str = "it stores a response for replay; the effect itself has its own audit entries";
    const VERBS: &'static [Verb] = &[Verb::Insert, Verb::Update, Verb::Delete];
}

/// A response as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: i32,
    /// The version in its `ETag`.
    pub version: Option<i32>,
    /// The location of a created resource.
    pub location: Option<String>,
    pub body: String,
}

/// The state of a key.
#[derive(Debug)]
pub enum Claim {
    /// Free: it is claimed until this transaction ends.
    Ours,
    /// Already used, for the request with this fingerprint.
    Used { fingerprint: String, kept: StoredResponse },
}

/// Claims a key. Waits for another transaction that holds it: after its 2xx the stored response is found; its error has freed the
/// key.
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
    // An expired key is taken over by the same statement, so that no other transaction can come in between.
    let every = [Column::Fingerprint, Column::ClaimedAt, Column::Status, Column::Version, Column::Location, Column::Answer];
    let take_over = OnConflict::column(Column::Scope)
        .update_columns(every)
        .action_and_where(Expr::col((Entity, Column::ClaimedAt)).lte(tx.now() - KEPT_FOR))
        .to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited row")]
    let claimed = Entity::insert(row).on_conflict(take_over).exec_without_returning(tx).await?;
    if claimed > 0 {
        return Ok(Claim::Ours);
    }
    let used = Entity::find_by_id(scope).one(tx).await?.ok_or(DbErr::RecordNotUpdated)?;
    used.kept()
}

/// Stores the response for what this transaction is about to commit.
pub async fn keep(tx: &AuditTx, scope: &str, kept: StoredResponse) -> Result<(), DbErr> {
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

/// Deletes expired responses, in batches small enough that writers don't wait for it; returns their number.
pub async fn forget_old(tx: &AuditTx) -> Result<u64, DbErr> {
    let mut old = Query::select();
    let before = Expr::col(Column::ClaimedAt).lte(tx.now() - KEPT_FOR);
    old.column(Column::Scope).from(Entity).and_where(before).limit(FORGOTTEN_AT_ONCE);
    #[expect(clippy::disallowed_methods, reason = "unaudited rows that have expired")]
    let forgotten = Entity::delete_many().filter(Column::Scope.in_subquery(old)).exec(tx).await?;
    Ok(forgotten.rows_affected)
}
