//! Login data that no entry covers: the password hash and the last login.

use crate::audit::{AuditTx, Unaudited};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// Argon2id in its text form; `None` for users who can't sign in with a password.
    pub password_hash: Option<String>,
    pub last_login_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str =
        "secrets never enter the audit log; changing a password is recorded as user_updated, a login as login";
}

/// When each of these users last signed in; users who never did are absent.
pub async fn last_logins<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<HashMap<Uuid, DateTime<Utc>>, DbErr> {
    let credentials = Entity::find().filter(Column::UserId.is_in(ids)).all(db).await?;
    Ok(credentials.into_iter().filter_map(|row| Some((row.user_id, row.last_login_at?))).collect())
}

/// Records a sign-in with the password behind `verified`, and its better hash if there is one. False if the password was changed
/// since it was verified, which happens outside any transaction.
pub async fn sign_in(tx: &AuditTx, user_id: Uuid, verified: &str, better: Option<String>) -> Result<bool, DbErr> {
    let row = ActiveModel { last_login_at: Set(Some(tx.now())), ..Default::default() };
    let row = better.into_iter().fold(row, |row, better| ActiveModel { password_hash: Set(Some(better)), ..row });
    Ok(still(user_id, verified).set(row).exec(tx).await?.rows_affected > 0)
}

/// Replaces the hash that was verified with a new one. False if it is no longer current.
pub async fn replace(tx: &AuditTx, user_id: Uuid, verified: &str, new: String) -> Result<bool, DbErr> {
    let row = ActiveModel { password_hash: Set(Some(new)), ..Default::default() };
    Ok(still(user_id, verified).set(row).exec(tx).await?.rows_affected > 0)
}

/// Sets or removes a user's password.
pub async fn set(tx: &AuditTx, user_id: Uuid, password_hash: Option<String>) -> Result<(), DbErr> {
    let row = ActiveModel { user_id: Set(user_id), password_hash: Set(password_hash), last_login_at: Set(None) };
    let replace = OnConflict::column(Column::UserId).update_column(Column::PasswordHash).to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited row; the caller of this function writes the entry")]
    Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}

fn still(user_id: Uuid, verified: &str) -> UpdateMany<Entity> {
    #[expect(clippy::disallowed_methods, reason = "an unaudited row, changed only if it is still as verified")]
    let credentials = Entity::update_many();
    credentials.filter(Column::UserId.eq(user_id)).filter(Column::PasswordHash.eq(verified))
}
