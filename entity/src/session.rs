//! Sessions and their rotating refresh tokens; logins are audited, session rows are not.

mod events;
pub mod refresh_token;

use crate::audit::{AuditTx, Unaudited};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::Select;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;

/// A session that is not refreshed for this long ends.
const IDLE_MAX: TimeDelta = TimeDelta::hours(24);
/// A session ends after this time, however often it is refreshed.
const LIFETIME: TimeDelta = TimeDelta::days(30);

/// One sign-in, with all tokens refreshed from it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub started_at: chrono::DateTime<chrono::Utc>,
    pub last_used_at: chrono::DateTime<chrono::Utc>,
    /// The absolute end of the session, however often it is refreshed.
    pub expires_at: chrono::DateTime<chrono::Utc>,
    pub revoked_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "signing in and out are the events (login, logout), not the session's bookkeeping";
}

impl Model {
    /// Whether the session is active: not ended, not idle for too long, not past its absolute end.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && now - self.last_used_at < IDLE_MAX
    }
}

/// The active sessions of a user, by the same rule.
pub fn live_of(user_id: Uuid, now: DateTime<Utc>) -> Select<Entity> {
    let of_user = Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::RevokedAt.is_null());
    of_user.filter(Column::ExpiresAt.gt(now)).filter(Column::LastUsedAt.gt(now - IDLE_MAX))
}

/// Starts a session.
pub async fn start(tx: &AuditTx, user_id: Uuid) -> Result<Model, DbErr> {
    let now = tx.now();
    let row = ActiveModel {
        id: Set(tx.new_id()),
        user_id: Set(user_id),
        started_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(now + LIFETIME),
        revoked_at: Set(None),
    };
    row.insert(tx).await
}

/// Ends one session of a user; false if it had already ended.
pub async fn end(tx: &AuditTx, user_id: Uuid, id: Uuid) -> Result<bool, DbErr> {
    Ok(end_where(tx, user_id, Column::Id.eq(id)).await? > 0)
}

/// Ends every session of a user.
pub async fn end_all(tx: &AuditTx, user_id: Uuid) -> Result<(), DbErr> {
    end_where(tx, user_id, Column::UserId.eq(user_id)).await.map(drop)
}

/// Ends every session of a user except one.
pub async fn end_others(tx: &AuditTx, user_id: Uuid, kept: Uuid) -> Result<(), DbErr> {
    end_where(tx, user_id, Column::Id.ne(kept)).await.map(drop)
}

async fn end_where(tx: &AuditTx, user_id: Uuid, which: Expr) -> Result<u64, DbErr> {
    tx.ensure_over(user_id)?;
    #[expect(clippy::disallowed_methods, reason = "an unaudited row; the entry is the caller's login, logout or change")]
    let sessions = Entity::update_many();
    let ended = sessions
        .col_expr(Column::RevokedAt, Expr::value(tx.now()))
        .filter(which.and(Column::UserId.eq(user_id)))
        .filter(Column::RevokedAt.is_null());
    Ok(ended.exec(tx).await?.rows_affected)
}
