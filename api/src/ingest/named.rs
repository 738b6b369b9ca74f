//! The people and cases that a report names.

use crate::http::{Error, Result};
use entity::audit::AuditTx;
use entity::case;
use entity::user::{self, Person};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// On whose behalf something was done; also somebody who is gone by now.
pub async fn person(tx: &AuditTx, user_id: Option<Uuid>) -> Result<Option<Person>> {
    let Some(id) = user_id else { return Ok(None) };
    let known = user::people(tx, vec![id]).await?.into_iter().next();
    known.map(Some).ok_or_else(|| Error::field("/user_id", "unknown_user", "must be the id of a user"))
}

/// Whose address it is, if it is somebody's.
pub async fn person_at(tx: &AuditTx, address: &str) -> Result<Option<Person>> {
    let with_address = user::Entity::find().filter(user::Column::Email.eq(address.to_lowercase()));
    Ok(with_address.one(tx).await?.as_ref().map(Person::of))
}

/// The case it was about.
pub async fn case(tx: &AuditTx, case_id: Option<Uuid>) -> Result<Option<case::Model>> {
    let Some(id) = case_id else { return Ok(None) };
    let known = case::Entity::find_by_id(id).filter(case::Column::DeletedAt.is_null()).one(tx).await?;
    known.map(Some).ok_or_else(|| Error::field("/case_id", "unknown_case", "must be the id of a case"))
}
