//! People as rows of users, also of deleted ones.

use super::{Column, Entity, Level, Model, Person, Role};
use crate::audit::Actor;
use crate::case::Tier;
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QuerySelect};

#[derive(FromQueryResult)]
struct Named {
    id: Uuid,
    username: String,
    first_name: String,
    last_name: String,
    role: Role,
    user_level: Option<Level>,
    email: String,
}

/// The people with these ids, including deleted users, in one statement.
pub async fn people<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<Vec<Person>, DbErr> {
    Person::load(db, ids).await
}

impl Person {
    pub fn new(row: &Model) -> Self {
        Self {
            id: row.id,
            username: row.username.clone(),
            full_name: row.full_name(),
            role: row.role,
            user_level: row.user_level,
            email: row.email.clone(),
        }
    }

    /// The level rule: a technician's level number is at least the case's tier number.
    pub fn may_work_on(&self, tier: Tier) -> bool {
        super::suffices(self.user_level, tier)
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
        let names = [Column::Username, Column::FirstName, Column::LastName, Column::Email];
        let named = Entity::find().select_only().columns([Column::Id, Column::Role, Column::UserLevel]).columns(names);
        let named = named.filter(Column::Id.is_in(ids)).into_model::<Named>();
        let person = |Named { id, username, first_name, last_name, role, user_level, email }| {
            let full_name = super::full_name(&first_name, &last_name);
            Person { id, username, full_name, role, user_level, email }
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
