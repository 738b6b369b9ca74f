//! People as rows of users, also of deleted ones.

use super::{Column, Entity, Model, Person, Role};
use crate::audit::Actor;
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QuerySelect};

#[derive(FromQueryResult)]
struct Named {
    id: Uuid,
    username: String,
    first_name: String,
    last_name: String,
    role: Role,
    email: String,
}

/// The people with these ids, including deleted users, in one statement.
pub async fn people<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<Vec<Person>, DbErr> {
    Person::load(db, ids).await
}

impl Person {
    pub fn new(row: &Model) -> Self {
        Self { id: row.id, username: row.username.clone(), full_name: row.full_name(), role: row.role, email: row.email.clone() }
    }

    /// Whether this is a service account.
    pub fn is_service(&self) -> bool {
        self.role == Role::Service
    }

    /// The people with these ids, including deleted users, in one statement.
    pub(crate) async fn load<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<Vec<Self>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns = [Column::Id, Column::Username, Column::FirstName, Column::LastName, Column::Role, Column::Email];
        let named = Entity::find().select_only().columns(columns).filter(Column::Id.is_in(ids)).into_model::<Named>();
        let person = |Named { id, username, first_name, last_name, role, email }| {
            let full_name = format!("{first_name} {last_name}");
            Person { id, username, full_name, role, email }
        };
        Ok(named.all(db).await?.into_iter().map(person).collect())
    }
}

impl Actor {
    /// The role of the person; none for the service itself and for anonymous callers.
    pub fn role(&self) -> Option<Role> {
        self.person().map(|person| person.role)
    }
}
