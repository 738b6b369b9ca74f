//! The users and cases named by a report.

use crate::wire::fields::Id;
use crate::wire::{Error, Result};
use entity::audit::AuditTx;
use entity::case;
use entity::user::{self, Person};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// The user on whose behalf something was done; may have been deleted.
pub async fn person(tx: &AuditTx, user_id: Option<Id>) -> Result<Option<Person>> {
    let Some(id) = user_id.map(Id::get) else { return Ok(None) };
    let known = user::people(tx, vec![id]).await?.into_iter().next();
    known.map(Some).ok_or_else(|| Error::field("/user_id", "unknown_user", "must be the id of a user"))
}

/// The user an email address belongs to, if any.
pub async fn person_at(tx: &AuditTx, address: &str) -> Result<Option<Person>> {
    let with_address = user::Entity::find().filter(user::Column::Email.eq(address.to_lowercase()));
    Ok(with_address.one(tx).await?.as_ref().map(Person::new))
}

/// The case the report is about.
pub async fn case(tx: &AuditTx, case_id: Option<Id>) -> Result<Option<case::Model>> {
    let Some(id) = case_id.map(Id::get) else { return Ok(None) };
    let known = case::Entity::find_by_id(id).filter(case::Column::DeletedAt.is_null()).one(tx).await?;
    known.map(Some).ok_or_else(|| Error::field("/case_id", "unknown_case", "must be the id of a case"))
}
