//! References in responses to other resources: a user, a case.

use crate::wire::fields::shown::{FullName, ShownCaseNumber, ShownUsername};
use entity::user::{self, Person, PersonNames};
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user as referenced by cases
#[derive(Clone, Serialize, ToSchema)]
pub struct PersonSummary {
    pub id: Uuid,
    #[schema(value_type = ShownUsername)]
    pub username: String,
    #[schema(value_type = FullName)]
    pub full_name: String,
}

impl From<&Person> for PersonSummary {
    fn from(person: &Person) -> Self {
        Self { id: person.id, username: person.username.clone(), full_name: person.full_name.clone() }
    }
}

impl PersonSummary {
    /// A user whose names were read with what refers to them.
    pub fn new(id: Uuid, names: PersonNames) -> Self {
        let PersonNames { username, full_name } = names;
        Self { id, username, full_name }
    }

    /// The users with these ids, including deleted ones, in one statement.
    pub async fn by_id<C: ConnectionTrait>(db: &C, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, Self>, DbErr> {
        let people = user::people_by_id(db, ids).await?;
        Ok(people.into_iter().map(|(id, person)| (id, Self::from(&person))).collect())
    }
}

/// A case as referenced by other resources
#[derive(Clone, Serialize, ToSchema)]
pub struct CaseReference {
    pub id: Uuid,
    #[schema(value_type = ShownCaseNumber)]
    pub case_number: String,
}
