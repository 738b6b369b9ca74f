//! The document row: documents submitted with a case or delivered for it, their visibility, and which reports exist.
//!
//! The bytes are stored outside the database, under the row's id. A row never changes except for its deletion.

mod events;
mod kind;
mod lifecycle;
mod permission;
pub mod quota;
mod resubmission;

pub use kind::DocumentType;
pub use lifecycle::{DocumentRefusal, NewDocument};
pub use permission::{DocumentAction, DocumentActionRefusal, may_add};
pub use resubmission::{UploadedDocument, circumstances, new_documents_of_each};

use crate::audit::audited;
use crate::case;
use crate::case::secrecy::{self, Hidden};
use crate::db::placed;
use crate::effect::Effect;
use crate::user::Caller;
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, SelectStatement};
use sea_orm::{Condition, QuerySelect, QueryTrait, Select};
use std::collections::HashSet;

placed! {
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "documents")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub case_id: Uuid,
        /// For its entries, which contain the case number; the number of a case never changes.
        pub case_number: String,
        pub document_type: DocumentType,
        /// Which of the requested reports this is; reports only.
        pub report_number: Option<i32>,
        /// The uploader's filename, without folders.
        pub filename: String,
        /// The content type detected from the first bytes.
        pub content_type: String,
        pub size_bytes: i64,
        /// The digest of the bytes, in lowercase hexadecimal digits.
        pub sha256: String,
        pub notes: Option<String>,
        pub uploaded_by_id: Uuid,
        pub version: i32,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub updated_at: chrono::DateTime<chrono::Utc>,
        pub deleted_at: Option<chrono::DateTime<chrono::Utc>>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "document",
    events: events::events,
    effects: events::effects => Effect,
    people: [UploadedById],
    bookkeeping: [CaseNumber],
}

/// The documents that are visible to a caller: those of the visible cases; to members, and to the user whose case it is, reports
/// only once the result is released.
pub fn visible_to(caller: &Caller, now: DateTime<Utc>) -> Select<Entity> {
    let seen = live().filter(is_in_cases(case::visible_to(caller)));
    let hiding = case::Entity::find().filter(secrecy::hides_result(Hidden::from(caller), now));
    seen.filter(Condition::any().add(Column::DocumentType.ne(DocumentType::Report)).add(is_in_cases(hiding).not()))
}

/// Whether this caller may see the reports of a visible case: the same rule, for one case.
pub fn shows_reports(case: &case::Model, caller: &Caller, now: DateTime<Utc>) -> bool {
    !case.is_kept_from(caller) || case.status_for(caller, now) == case::CaseStatus::Completed
}

/// The report that a new one with the same number replaces.
pub fn report(case_id: Uuid, report_number: i32) -> Select<Entity> {
    live().filter(Column::CaseId.eq(case_id)).filter(Column::ReportNumber.eq(report_number))
}

/// The numbers of the reports that a case has.
pub async fn report_numbers<C: ConnectionTrait>(db: &C, case_id: Uuid) -> Result<Vec<i32>, DbErr> {
    let numbers = live().select_only().column(Column::ReportNumber).filter(Column::CaseId.eq(case_id));
    numbers.filter(Column::ReportNumber.is_not_null()).into_tuple().all(db).await
}

/// The ids among `ids` that have a row, deleted or not: bytes stored under any other id belong to no document.
pub async fn known<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
    let known = Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(ids.iter().copied()));
    Ok(known.into_tuple::<Uuid>().all(db).await?.into_iter().collect())
}

/// Documents that weren't deleted, of cases that weren't deleted either.
pub fn present() -> Select<Entity> {
    live().filter(is_in_cases(case::Entity::find().filter(case::Column::DeletedAt.is_null())))
}

fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

fn is_in_cases(cases: Select<case::Entity>) -> Expr {
    case::is_among((Entity, Column::CaseId), cases)
}

/// The number of documents of a case that are visible to a caller, for each row of a statement over visible `cases`. The rule is
/// that of `visible_to`; a condition that is null hides nothing, as there.
pub fn count_visible_beside(caller: &Caller, now: DateTime<Utc>) -> SelectStatement {
    let is_shown: Expr = Expr::case(secrecy::hides_result(Hidden::from(caller), now), false).finally(true).into();
    let seen = live().filter(Condition::any().add(Column::DocumentType.ne(DocumentType::Report)).add(is_shown));
    let of_case = seen.filter(Expr::col((Entity, Column::CaseId)).equals((case::Entity, case::Column::Id)));
    of_case.select_only().expr(Column::Id.count()).into_query()
}
