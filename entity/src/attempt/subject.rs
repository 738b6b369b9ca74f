//! What a refused attempt was about: the case and the person that the object named by its path belongs to, or that its query
//! names.

use crate::audit::{Audited, Event};
use crate::user::{self, Person};
use crate::{alert, audit_entry, case, document, note};
use sea_orm::entity::prelude::*;
use sea_orm::{JoinType, QuerySelect};

/// The kind of object that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Alert,
    AuditEntry,
    Case,
    Document,
    Job,
    Note,
    User,
    /// Any other.
    Other,
}

impl ObjectKind {
    /// The `object_type` of entries about it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::AuditEntry => "audit_entry",
            Self::Case => case::Entity::OBJECT,
            Self::Document => document::Entity::OBJECT,
            Self::Job => "job",
            Self::Note => note::Entity::OBJECT,
            Self::User => user::Entity::OBJECT,
            Self::Other => "object",
        }
    }
}

/// What an object belongs to; nothing if the object does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    case: Option<(Uuid, String)>,
    document: Option<(Uuid, String)>,
    /// The user, the member of the case, the recipient of the alert, or the person that the entry is about.
    person: Option<Person>,
}

impl Subject {
    /// Finds what an object belongs to, also if it was deleted. One statement whether the object exists or not, so that the cost
    /// of a refusal does not distinguish a hidden object from an absent one.
    pub async fn find<C: ConnectionTrait>(db: &C, kind: ObjectKind, id: Uuid) -> Result<Self, DbErr> {
        let of_member = || person_in::<case::Entity>(case::Column::MemberId);
        let found = match kind {
            ObjectKind::Case => {
                let found = with_person(db, case::Entity::find_by_id(id), of_member()).await?;
                found.map(|(case, person)| Self { case: Some((case.id, case.case_number)), document: None, person })
            }
            ObjectKind::Document => {
                let in_case = document::Entity::belongs_to(case::Entity).from(document::Column::CaseId).to(case::Column::Id);
                let row = document::Entity::find_by_id(id).join(JoinType::LeftJoin, in_case.into());
                with_person(db, row, of_member()).await?.map(|(row, person)| Self {
                    case: Some((row.case_id, row.case_number)),
                    document: Some((row.id, row.filename)),
                    person,
                })
            }
            ObjectKind::Note => {
                let in_case = note::Entity::belongs_to(case::Entity).from(note::Column::CaseId).to(case::Column::Id);
                let row = note::Entity::find_by_id(id).join(JoinType::LeftJoin, in_case.into());
                let found = with_person(db, row, of_member()).await?;
                found.map(|(note, person)| Self { case: Some((note.case_id, note.case_number)), document: None, person })
            }
            ObjectKind::Alert => {
                let to_recipient = person_in::<alert::Entity>(alert::Column::RecipientId);
                let found = with_person(db, alert::Entity::find_by_id(id), to_recipient).await?;
                found.map(|(row, person)| Self { case: row.case_id.zip(row.case_number), document: None, person })
            }
            ObjectKind::AuditEntry => {
                let about = person_in::<audit_entry::Entity>(audit_entry::Column::RelatedUserId);
                let found = with_person(db, audit_entry::Entity::find_by_id(id), about).await?;
                found.map(|(row, person)| Self { case: row.case_id.zip(row.case_number), document: None, person })
            }
            ObjectKind::User => {
                let person = Person::load(db, vec![id]).await?.pop();
                Some(Self { person, ..Self::default() })
            }
            ObjectKind::Job | ObjectKind::Other => None,
        };
        Ok(found.unwrap_or_default())
    }

    /// What a query names: a case, and the first of these users that exists, or else the member of the case. One statement for
    /// the case and one for the users that are named, whether they exist or not.
    pub async fn named<C: ConnectionTrait>(db: &C, case: Option<Uuid>, users: Vec<Uuid>) -> Result<Self, DbErr> {
        let of_case = match case {
            Some(id) => Self::find(db, ObjectKind::Case, id).await?,
            None => Self::default(),
        };
        let found = if users.is_empty() { Vec::new() } else { Person::load(db, users.clone()).await? };
        let person = users.iter().find_map(|id| found.iter().find(|person| person.id == *id)).cloned();
        Ok(Self { person, ..Self::default() }.or(of_case))
    }

    /// This, and of another what this lacks.
    pub fn or(self, other: Self) -> Self {
        Self { case: self.case.or(other.case), document: self.document.or(other.document), person: self.person.or(other.person) }
    }
}

/// The row with its person: one statement, also if there is no row.
async fn with_person<C, E>(db: &C, row: Select<E>, to_person: RelationDef) -> Result<Option<(E::Model, Option<Person>)>, DbErr>
where
    C: ConnectionTrait,
    E: EntityTrait,
{
    let found = row.join(JoinType::LeftJoin, to_person).select_also(user::Entity).one(db).await?;
    Ok(found.map(|(row, person)| (row, person.as_ref().map(Person::new))))
}

/// The user whose id is in a column.
fn person_in<E: EntityTrait>(column: E::Column) -> RelationDef {
    E::belongs_to(user::Entity).from(column).to(user::Column::Id).into()
}

impl Event {
    /// The same, naming what the object of a refused attempt belongs to, so that readers of the log find it there.
    pub fn regarding(self, subject: Subject) -> Self {
        let Subject { case, document, person } = subject;
        Self { case, document, related_user: person, ..self }
    }
}
