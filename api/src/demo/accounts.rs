//! The accounts of the demo in a database that was filled with it.

use super::{NAMED, SERVICE};
use entity::db::Readers;
use entity::user::{self, credential};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use std::collections::HashMap;

/// A person of the demo who may sign in, with their stored password, which may have been changed since.
pub struct NamedAccount {
    pub user: user::Model,
    pub password_hash: String,
}

/// Those whom the demo gave a password, by username; none where there is no service account of the demo.
pub async fn named_accounts(db: &Readers) -> Result<Vec<NamedAccount>, DbErr> {
    let names = NAMED.into_iter().chain([SERVICE]);
    let by_name = user::active().filter(user::Column::Username.is_in(names)).order_by_asc(user::Column::Username);
    let users = by_name.all(db).await?;
    if !users.iter().any(|user| user.username == SERVICE) {
        return Ok(Vec::new());
    }
    let ids = users.iter().map(|user| user.id);
    let credentials = credential::Entity::find().filter(credential::Column::UserId.is_in(ids)).all(db).await?;
    let mut hashes: HashMap<_, _> = credentials.into_iter().map(|row| (row.user_id, row.password_hash)).collect();
    let with_hash = |user: user::Model| {
        let password_hash = hashes.remove(&user.id).flatten()?;
        Some(NamedAccount { user, password_hash })
    };
    Ok(users.into_iter().filter_map(with_hash).collect())
}
