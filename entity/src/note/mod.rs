//! The note row: what a user wrote about a case, who may read it and who may delete it.

mod events;

use crate::audit::{AuditTx, audited};
use crate::case::{self, ActionRefusal};
use crate::db::{placed, stored_as_text};
use crate::effect::Effect;
use crate::load::LoadError;
use crate::user::{Caller, Role};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, SelectStatement};
use sea_orm::{IntoActiveModel, Iterable, QuerySelect, QueryTrait, Select};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

stored_as_text! { Visibility }

/// Who may read a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = NoteVisibility)]
pub enum Visibility {
    /// The staff only.
    Internal,
    /// The staff and the case's member.
    Shared,
}

impl Visibility {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Shared => "shared",
        }
    }
}

/// An action on a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteAction {
    Delete,
}

impl NoteAction {
    /// Refuses the action to a caller who can't perform it on this visible note about the case: the one rule behind 403,
    /// `allowed_actions` and `blocked_actions`.
    ///
    /// # Errors
    ///
    /// If the caller is not permitted to perform it.
    pub fn ensure_open(self, caller: &Caller, case: &case::Model, note: &Model) -> Result<(), ActionRefusal> {
        let is_permitted = match self {
            // Its author, and those who manage its case.
            Self::Delete => note.author_id == caller.id() || case.is_managed_by(caller),
        };
        is_permitted.then_some(()).ok_or(ActionRefusal::NotPermitted)
    }

    /// Whether each action is open to this caller on this note.
    pub fn verdicts(
        caller: &Caller,
        case: &case::Model,
        note: &Model,
    ) -> impl Iterator<Item = (Self, Result<(), ActionRefusal>)> {
        Self::iter().map(move |action| (action, action.ensure_open(caller, case, note)))
    }
}

placed! {
    /// A note; its text is never changed. Ids sort by time.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub case_id: Uuid,
        /// Kept here so that its entries can name the case.
        pub case_number: String,
        pub author_id: Uuid,
        pub visibility: Visibility,
        #[sea_orm(column_type = "Text")]
        pub body: String,
        pub version: i32,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub updated_at: chrono::DateTime<chrono::Utc>,
        pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "note",
    events: events::events,
    effects: events::effects => Effect,
    long_texts: [Body],
    people: [AuthorId],
}

pub(crate) const EVERY_FACT: &[Column] =
    &[Column::CaseId, Column::CaseNumber, Column::AuthorId, Column::Visibility, Column::Body];

/// A new note about a case.
pub fn write(id: Uuid, case: &case::Model, author: Uuid, visibility: Visibility, body: &str) -> ActiveModel {
    ActiveModel {
        id: Set(id),
        case_id: Set(case.id),
        case_number: Set(case.case_number.clone()),
        author_id: Set(author),
        visibility: Set(visibility),
        body: Set(body.to_owned()),
        ..Default::default()
    }
}

impl Model {
    /// In characters: all that its entries reveal of the text, apart from a digest.
    pub fn length(&self) -> usize {
        self.body.chars().count()
    }

    pub fn delete(self, now: DateTime<Utc>) -> ActiveModel {
        let mut row = self.into_active_model();
        row.deleted_at = Set(Some(now));
        row
    }
}

/// The notes about a visible case that the caller may read.
pub fn of_case(case_id: Uuid, caller: &Caller) -> Select<Entity> {
    legible_to(caller).filter(Column::CaseId.eq(case_id))
}

/// The number of notes that the caller may read, beside a row of `cases` that is visible to them.
pub fn count_legible_beside(caller: &Caller) -> SelectStatement {
    let of_case = legible_to(caller).filter(Expr::col((Entity, Column::CaseId)).equals((case::Entity, case::Column::Id)));
    of_case.select_only().expr(Column::Id.count()).into_query()
}

/// All notes that are visible to a caller. Hidden and absent notes look alike from here on.
pub fn visible_to(caller: &Caller) -> Select<Entity> {
    legible_to(caller).filter(case::is_among((Entity, Column::CaseId), case::visible_to(caller)))
}

fn legible_to(caller: &Caller) -> Select<Entity> {
    let present = Entity::find().filter(Column::DeletedAt.is_null());
    match caller.role() {
        Role::Member | Role::Service => present.filter(Column::Visibility.eq(Visibility::Shared)),
        Role::Technician | Role::Manager | Role::Administrator => present,
    }
}

/// Reads a note for update; the transaction remembers it for the hooks.
pub async fn locked(tx: &AuditTx, id: Uuid, caller: &Caller) -> Result<Model, LoadError> {
    tx.lock(visible_to(caller).filter(Column::Id.eq(id))).await?.ok_or(LoadError::Absent("note"))
}
