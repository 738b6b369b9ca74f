//! Refresh tokens, stored as hashes: exchanged once, repeated for a moment by clients that missed the response, and after that
//! only by an attacker.

use crate::audit::{AuditTx, Unaudited};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

/// How long after its exchange a token may be presented again: by a second tab, or by a client whose response was lost.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub session_id: Uuid,
    pub issued_at: chrono::DateTime<chrono::Utc>,
    /// When it was first exchanged.
    pub used_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The hash of the token that it replaces; null for the first token of a session.
    pub replaces: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str =
        "secrets never enter the audit log; a token presented again is recorded as a login, denied or within the grace period";
}

/// The result of presenting a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// It is exchanged for the first time.
    First,
    /// It was exchanged a moment ago, and no token issued in exchange for it has been used since.
    Repeated,
    /// It was exchanged before, and two parties hold what was issued to only one.
    Reused,
}

impl Model {
    fn is_within_grace(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_some_and(|used_at| now - used_at <= GRACE)
    }
}

/// Stores the hash of a newly issued token, and of the token that it replaces.
pub async fn issue(tx: &AuditTx, token_hash: String, session_id: Uuid, replaces: Option<String>) -> Result<(), DbErr> {
    let row = ActiveModel {
        token_hash: Set(token_hash),
        session_id: Set(session_id),
        issued_at: Set(tx.now()),
        used_at: Set(None),
        replaces: Set(replaces),
    };
    row.insert(tx).await.map(drop)
}

/// Exchanges a token whose session is locked. One conditional statement, so that of many concurrent exchanges exactly one is the
/// first.
pub async fn exchange(tx: &AuditTx, token_hash: &str) -> Result<Exchange, DbErr> {
    #[expect(clippy::disallowed_methods, reason = "an unaudited row, changed only if it is unused")]
    let tokens = Entity::update_many();
    let unused = tokens.filter(Column::TokenHash.eq(token_hash)).filter(Column::UsedAt.is_null());
    if unused.col_expr(Column::UsedAt, Expr::value(tx.now())).exec(tx).await?.rows_affected > 0 {
        return Ok(Exchange::First);
    }
    Ok(if is_forgiven(tx, token_hash, tx.now()).await? { Exchange::Repeated } else { Exchange::Reused })
}

/// Whether a token that was exchanged before may be presented again: within the grace period, and only while no successor was
/// used.
pub async fn is_forgiven<C: ConnectionTrait>(db: &C, token_hash: &str, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let token = Entity::find_by_id(token_hash).one(db).await?;
    let Some(token) = token.filter(|token| token.is_within_grace(now)) else { return Ok(false) };
    // Once a successor was used, its holder has received the response, and this token is two generations old.
    let successors = Entity::find().filter(Column::SessionId.eq(token.session_id)).filter(Column::Replaces.eq(token_hash));
    Ok(successors.filter(Column::UsedAt.is_not_null()).one(db).await?.is_none())
}
