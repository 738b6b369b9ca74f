//! What a login touches and no entry names: the password's hash, the token version, the last login.

use crate::audit::{AuditTx, Unaudited};
use sea_orm::ActiveValue::Set;
use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// Argon2id in its text form; `None` for those who can't sign in with a password.
    pub password_hash: Option<String>,
    pub last_login_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str =
        "secrets never enter the trail; changing a password is recorded as user_updated, a login as login";
}

/// Notes a sign-in with the password behind `verified`, and its better hash if there is one. False if the password was changed
/// since it was verified, which happens outside of any transaction.
pub async fn sign_in(tx: &AuditTx, user_id: Uuid, verified: &str, better: Option<String>) -> Result<bool, DbErr> {
    let row = ActiveModel { last_login_at: Set(Some(tx.now())), ..Default::default() };
    let row = better.into_iter().fold(row, |row, better| ActiveModel { password_hash: Set(Some(better)), ..row });
    Ok(still(user_id, verified).set(row).exec(tx).await?.rows_affected > 0)
}

/// Puts a new hash in the place of the one that was verified. False if that is no longer there.
pub async fn replace(tx: &AuditTx, user_id: Uuid, verified: &str, new: String) -> Result<bool, DbErr> {
    let row = ActiveModel { password_hash: Set(Some(new)), ..Default::default() };
    Ok(still(user_id, verified).set(row).exec(tx).await?.rows_affected > 0)
}

/// Gives somebody a password, or none.
pub async fn set(tx: &AuditTx, user_id: Uuid, password_hash: Option<String>) -> Result<(), DbErr> {
    let row = ActiveModel { user_id: Set(user_id), password_hash: Set(password_hash), last_login_at: Set(None) };
    let replace = OnConflict::column(Column::UserId).update_column(Column::PasswordHash).to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited row; the entry is the caller's")]
    Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}

fn still(user_id: Uuid, verified: &str) -> UpdateMany<Entity> {
    #[expect(clippy::disallowed_methods, reason = "an unaudited row, changed only where it is as it was verified")]
    let credentials = Entity::update_many();
    credentials.filter(Column::UserId.eq(user_id)).filter(Column::PasswordHash.eq(verified))
}
