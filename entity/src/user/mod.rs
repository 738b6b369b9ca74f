//! The user row, the caller of a request, and what a user may be assigned.

mod caller;
pub mod credential;
mod events;
pub mod lifecycle;
mod people;
mod permission;
mod person;
mod role;
mod standing;

pub use caller::{Admission, Caller, Credential};
pub use lifecycle::{Misfit, UserRefusal};
pub(crate) use people::PERSON;
pub use people::{PersonNames, people, people_by_id};
pub use permission::{UserAction, may_create};
pub use person::Person;
pub use role::{Level, Role, Scope};
pub use standing::{Standing, locked_with_administrators};

use crate::audit::{AuditTx, audited, stored_value};
use crate::case::Tier;
use crate::db::placed;
use crate::load::LoadError;
use crate::text::{Spelling, contains};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{BinOper, ExprTrait};
use sea_orm::{Condition, DbBackend, Iterable, QuerySelect, Select};
use serde_json::{Value as Json, json};

placed! {
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(unique)]
        pub username: String,
        /// Unique among the users who weren't deleted.
        pub email: String,
        pub first_name: String,
        pub last_name: String,
        pub phone_number: Option<String>,
        pub workshop_code: Option<String>,
        pub role: Role,
        pub user_level: Option<Level>,
        /// The scopes granted to a service account, as written by `Scope::join`.
        pub scopes: Option<String>,
        pub is_active: bool,
        pub version: i32,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub updated_at: chrono::DateTime<chrono::Utc>,
        pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "user",
    events: events::events,
    is_person: Person::new,
    wire_value: wire_value,
    wire_of_text: wire_of_text,
}

/// The columns of a user's profile, which users may change themselves.
pub(crate) const PROFILE: &[Column] =
    &[Column::FirstName, Column::LastName, Column::Email, Column::PhoneNumber, Column::WorkshopCode];

/// The columns that determine a user's rights.
pub(crate) const RIGHTS: &[Column] = &[Column::Role, Column::UserLevel, Column::Scopes];

pub(crate) const EVERY_FACT: &[Column] = &[
    Column::Username,
    Column::Email,
    Column::FirstName,
    Column::LastName,
    Column::PhoneNumber,
    Column::WorkshopCode,
    Column::Role,
    Column::UserLevel,
    Column::Scopes,
    Column::IsActive,
];

fn wire_value(row: &Model, column: Column) -> Option<Json> {
    match column {
        Column::Scopes => Some(row.scopes.as_deref().map_or(Json::Null, |scopes| json!(Scope::split(scopes)))),
        _ => None,
    }
}

/// The value on the wire that a text stands for. None stands for a list of scopes.
fn wire_of_text(column: Column, text: &str) -> Option<Json> {
    match column {
        Column::Scopes => None,
        _ => stored_value::<Entity>(column, text),
    }
}

fn full_name(first_name: &str, last_name: &str) -> String {
    format!("{first_name} {last_name}")
}

impl Model {
    pub fn full_name(&self) -> String {
        full_name(&self.first_name, &self.last_name)
    }

    /// Whether a case may be assigned to the user: active staff.
    pub fn is_assignable(&self) -> bool {
        self.is_active && self.deleted_at.is_none() && self.role.is_staff()
    }

    /// The level rule: a technician's level number is at least the case's tier number.
    pub fn may_work_on(&self, tier: Tier) -> bool {
        suffices(self.user_level, tier)
    }

    /// The review rule: whether the user's work is reviewed.
    pub fn is_reviewed(&self) -> bool {
        self.role == Role::Technician && self.user_level == Some(Level::One)
    }
}

/// The level rule by itself. Only technicians have a level.
pub(crate) fn suffices(level: Option<Level>, tier: Tier) -> bool {
    level.is_none_or(|level| level.number() >= tier.number())
}

/// The users that are visible to a caller: themselves, and by role all users, the members, or no one else. Deleted users are
/// excluded.
pub fn visible_to(caller: &Caller) -> Select<Entity> {
    present().filter(scope_of(caller))
}

/// The same, including deleted users.
pub fn ever_visible_to(caller: &Caller) -> Select<Entity> {
    Entity::find().filter(scope_of(caller))
}

fn scope_of(caller: &Caller) -> Condition {
    let own_row = Condition::any().add(Column::Id.eq(caller.id()));
    match caller.role() {
        Role::Manager | Role::Administrator => Condition::all(),
        Role::Technician => own_row.add(Column::Role.eq(Role::Member)),
        Role::Member | Role::Service => own_row,
    }
}

/// Users who weren't deleted.
pub fn present() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// Users who weren't deleted and may sign in.
pub fn active() -> Select<Entity> {
    present().filter(Column::IsActive.eq(true))
}

/// The users to whom a case of this tier can be given: the condition behind `is_assignable` and `may_work_on`.
pub fn assignable(tier: Option<Tier>) -> Select<Entity> {
    let staff = Role::iter().filter(|role| role.is_staff());
    let levels = Level::iter().filter(|level| tier.is_none_or(|tier| suffices(Some(*level), tier)));
    let fits = Condition::any().add(Column::UserLevel.is_null()).add(Column::UserLevel.is_in(levels));
    active().filter(Column::Role.is_in(staff)).filter(fits)
}

/// Reads a user for update if they are visible to the caller; the transaction remembers the row, and the name for its entries.
pub async fn locked(tx: &AuditTx, id: Uuid, caller: &Caller) -> Result<Model, LoadError> {
    tx.lock(visible_to(caller).filter(Column::Id.eq(id))).await?.ok_or(LoadError::Absent("user"))
}

/// Reads the user that a case is to be assigned to. The row is locked, so that the user can't be deactivated meanwhile.
pub async fn assignee(tx: &AuditTx, id: Uuid) -> Result<Option<Model>, DbErr> {
    tx.lock(present().filter(Column::Id.eq(id))).await
}

/// Why a user could not be saved: a rule refused it, or the database failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SaveError {
    #[error(transparent)]
    Refused(#[from] UserRefusal),
    #[error(transparent)]
    Database(DbErr),
}

/// Saves a user; a username or email address that is already taken is refused by a rule.
pub async fn save(tx: &AuditTx, row: ActiveModel) -> Result<Model, SaveError> {
    tx.save(row).await.map_err(|error| UserRefusal::of_conflict(&error).map_or(SaveError::Database(error), SaveError::Refused))
}

/// Whether a user has this email address; that of a deleted user is free.
pub async fn is_address_taken<C: ConnectionTrait>(db: &C, email: &str) -> Result<bool, DbErr> {
    let of_address = present().select_only().column(Column::Id).filter(Column::Email.eq(email.to_lowercase()));
    Ok(of_address.into_tuple::<Uuid>().one(db).await?.is_some())
}

/// The users whose names, username or email address contain a text, regardless of case.
pub fn mentioning(text: &str, backend: DbBackend) -> Condition {
    let full_name = Expr::col(Column::FirstName).binary(BinOper::Custom("||"), Expr::val(" "));
    let full_name = full_name.binary(BinOper::Custom("||"), Expr::col(Column::LastName));
    let lowered = [Column::Username, Column::Email].map(|column| (Expr::col(column), Spelling::Lowered));
    let columns = lowered.into_iter().chain([(full_name, Spelling::AsWritten)]);
    columns.fold(Condition::any(), |any, (column, spelling)| any.add(contains(&column, spelling, text, backend)))
}
