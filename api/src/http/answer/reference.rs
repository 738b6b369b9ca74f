//! References in responses to other resources: a user, a case.

use entity::user::Person;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user as referenced by cases
#[derive(Clone, Serialize, ToSchema)]
pub struct PersonSummary {
    pub id: Uuid,
    #[schema(max_length = 64)]
    pub username: String,
    #[schema(max_length = 257)]
    pub full_name: String,
}

impl From<&Person> for PersonSummary {
    fn from(person: &Person) -> Self {
        Self { id: person.id, username: person.username.clone(), full_name: person.full_name.clone() }
    }
}

/// A case as referenced by other resources
#[derive(Clone, Serialize, ToSchema)]
pub struct CaseReference {
    pub id: Uuid,
    #[schema(max_length = 32)]
    pub case_number: String,
}
