//! People as rows of users, also of deleted ones.

use super::{Column, Entity, Model, Person, Role, full_name};
use crate::audit::Actor;
use crate::case::Tier;
use crate::db::{Columns, Placed, padded};
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryResult, QuerySelect};
use std::collections::{HashMap, HashSet};

/// The columns of a person, in the order in which `Person` reads them.
pub(crate) const PERSON: [Column; 7] =
    [Column::Id, Column::Username, Column::FirstName, Column::LastName, Column::Email, Column::Role, Column::UserLevel];

/// The names of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonNames {
    pub username: String,
    pub full_name: String,
}

impl PersonNames {
    /// The columns that they are made of, in the order of `new`.
    pub(crate) const COLUMNS: [Column; 3] = [Column::Username, Column::FirstName, Column::LastName];

    pub(crate) fn new(username: String, first_name: &str, last_name: &str) -> Self {
        Self { username, full_name: full_name(first_name, last_name) }
    }
}

/// By the places of the columns: nearly every request reads people, and looking columns up by their names costs more than the
/// rest.
impl Placed for Person {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let (id, username) = (columns.take()?, columns.take()?);
        let (first_name, last_name): (String, String) = (columns.take()?, columns.take()?);
        Ok(Self {
            id,
            username,
            full_name: full_name(&first_name, &last_name),
            email: columns.take()?,
            role: columns.take()?,
            user_level: columns.take()?,
        })
    }
}

/// From the first columns of a row.
impl FromQueryResult for Person {
    fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
        Self::read(&mut Columns::first(row)?)
    }
}

/// The people with these ids, including deleted users, in one statement.
pub async fn people<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<Vec<Person>, DbErr> {
    Person::load(db, ids).await
}

/// The same by their ids; these may be given more than once.
pub async fn people_by_id<C: ConnectionTrait>(
    db: &C,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Person>, DbErr> {
    let ids: HashSet<Uuid> = ids.into_iter().collect();
    let people = people(db, ids.into_iter().collect()).await?;
    Ok(people.into_iter().map(|person| (person.id, person)).collect())
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
        let named = Entity::find().select_only().columns(PERSON).filter(Column::Id.is_in(padded(ids)));
        named.into_model::<Self>().all(db).await
    }
}

impl Actor {
    /// The role of the person; none for the service itself and for anonymous callers.
    pub fn role(&self) -> Option<Role> {
        self.person().map(|person| person.role)
    }
}
