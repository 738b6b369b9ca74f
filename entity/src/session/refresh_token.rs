//! A refresh token by its hash; exchanged once, repeated for a moment by a client that missed the answer, then only by a thief.

use crate::audit::{AuditTx, Unaudited};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

/// For how long after its exchange a token may be presented again: by a second tab, or by a client whose answer was lost.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    /// SHA-256 of the token, in hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub session_id: Uuid,
    pub issued_at: chrono::DateTime<chrono::Utc>,
    /// When it was exchanged for the first time.
    pub used_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The token it was given for; null for the first of a session.
    pub replaces: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str =
        "secrets never enter the trail; a token presented again is recorded as a login, denied or by grace";
}

/// What presenting a token amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// It is exchanged for the first time.
    First,
    /// It was exchanged a moment ago, and nothing that was given for it has been used since.
    Repeated,
    /// It was exchanged before, and two hold what only one was given.
    Reused,
}

impl Model {
    fn is_within_grace(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_some_and(|used_at| now - used_at <= GRACE)
    }
}

/// Keeps the hash of a token that was just given out, and of the one it was given for.
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

/// Exchanges a token whose session is locked. One conditional statement, so that of many exactly one is the first.
pub async fn exchange(tx: &AuditTx, token_hash: &str) -> Result<Exchange, DbErr> {
    #[expect(clippy::disallowed_methods, reason = "an unaudited row, changed only where it is unused")]
    let tokens = Entity::update_many();
    let unused = tokens.filter(Column::TokenHash.eq(token_hash)).filter(Column::UsedAt.is_null());
    if unused.col_expr(Column::UsedAt, Expr::value(tx.now())).exec(tx).await?.rows_affected > 0 {
        return Ok(Exchange::First);
    }
    Ok(if is_forgiven(tx, token_hash, tx.now()).await? { Exchange::Repeated } else { Exchange::Reused })
}

/// Whether a token that was exchanged before may be presented again: a moment later, and by nobody who was left behind.
pub async fn is_forgiven<C: ConnectionTrait>(db: &C, token_hash: &str, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let token = Entity::find_by_id(token_hash).one(db).await?;
    let Some(token) = token.filter(|token| token.is_within_grace(now)) else { return Ok(false) };
    // Once a successor was used, its holder has the answer, and this one is two generations old.
    let successors = Entity::find().filter(Column::SessionId.eq(token.session_id)).filter(Column::Replaces.eq(token_hash));
    Ok(successors.filter(Column::UsedAt.is_not_null()).one(db).await?.is_none())
}
