//! API keys of service accounts; the database stores only their hashes, so a lost key has to be replaced and cannot be recovered.

mod events;

use crate::audit::{AuditTx, Unaudited};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    /// SHA-256 of the key, in hexadecimal digits.
    #[sea_orm(unique)]
    pub key_hash: String,
    /// The first characters of the key, to distinguish it from the account's other keys.
    pub hint: String,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub revoked_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The name it was given, if any.
    pub name: Option<String>,
    /// From when on it is refused, if ever.
    pub expires_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Its last use, as of about a minute ago.
    pub last_used_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "secrets never enter the audit log; creating and revoking a key is recorded as user_updated";
}

impl Model {
    /// The name that identifies the key to people: the one it was given, else its first characters.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.hint)
    }
}

/// Whether the end of a key has come, if it has one.
pub(crate) fn is_expired(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    expires_at.is_some_and(|expires_at| expires_at <= now)
}

/// A key to be issued.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub id: Uuid,
    pub user_id: Uuid,
    pub name: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl NewKey {
    /// A key without a name and without an end.
    pub const fn plain(id: Uuid, user_id: Uuid) -> Self {
        Self { id, user_id, name: None, expires_at: None }
    }
}

/// Stores the hash of a newly issued key.
pub async fn keep(tx: &AuditTx, key: NewKey, key_hash: String, hint: String) -> Result<Model, DbErr> {
    let NewKey { id, user_id, name, expires_at } = key;
    let row = ActiveModel {
        id: Set(id),
        user_id: Set(user_id),
        key_hash: Set(key_hash),
        hint: Set(hint),
        created_at: Set(tx.now()),
        revoked_at: Set(None),
        name: Set(name),
        expires_at: Set(expires_at),
        last_used_at: Set(None),
    };
    row.insert(tx).await
}

/// Stores the last use of a key, unless a later one is already stored.
pub async fn keep_use(tx: &AuditTx, id: Uuid, used_at: DateTime<Utc>) -> Result<(), DbErr> {
    #[expect(clippy::disallowed_methods, reason = "an unaudited row; what a key is used for has its own entries")]
    let keys = Entity::update_many();
    let earlier = Column::LastUsedAt.is_null().or(Column::LastUsedAt.lt(used_at));
    let update = keys.col_expr(Column::LastUsedAt, Expr::value(used_at)).filter(Column::Id.eq(id)).filter(earlier);
    update.exec(tx).await.map(drop)
}

/// Revokes one key of an account; false if it was already revoked.
pub async fn revoke(tx: &AuditTx, user_id: Uuid, id: Uuid) -> Result<bool, DbErr> {
    Ok(revoke_where(tx, user_id, Column::Id.eq(id)).await? > 0)
}

/// Revokes every key of an account.
pub async fn revoke_all(tx: &AuditTx, user_id: Uuid) -> Result<(), DbErr> {
    revoke_where(tx, user_id, Column::UserId.eq(user_id)).await.map(drop)
}

async fn revoke_where(tx: &AuditTx, user_id: Uuid, which: Expr) -> Result<u64, DbErr> {
    tx.ensure_over(user_id)?;
    #[expect(clippy::disallowed_methods, reason = "an unaudited row; the audit entry belongs to the account")]
    let keys = Entity::update_many();
    let revoked = keys
        .col_expr(Column::RevokedAt, Expr::value(tx.now()))
        .filter(which.and(Column::UserId.eq(user_id)))
        .filter(Column::RevokedAt.is_null());
    Ok(revoked.exec(tx).await?.rows_affected)
}
