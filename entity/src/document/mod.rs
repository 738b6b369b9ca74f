//! The document row: documents submitted with a case or delivered for it, their visibility, and which reports exist.
//!
//! The bytes are stored outside the database, under the row's id. A row never changes except for its deletion.

mod events;
mod kind;
mod lifecycle;
mod permission;
pub mod quota;

pub use kind::DocumentType;
pub use lifecycle::{DocumentRefusal, NewDocument};
pub use permission::{DocumentAction, DocumentActionRefusal, may_add};

use crate::audit::audited;
use crate::case;
use crate::case::secrecy::{self, Hidden};
use crate::db::padded;
use crate::user::{self, Caller, Role};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, QuerySelect, QueryTrait, Select};
use std::collections::{HashMap, HashSet};

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

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "document",
    events: events::events,
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

/// The numbers of the requested reports that are missing.
pub async fn missing_reports<C: ConnectionTrait>(db: &C, case: &case::Model) -> Result<Vec<i32>, DbErr> {
    let numbers = live().select_only().column(Column::ReportNumber).filter(Column::CaseId.eq(case.id));
    let there: Vec<i32> = numbers.filter(Column::ReportNumber.is_not_null()).into_tuple().all(db).await?;
    Ok((1..=case.num_reports_requested).filter(|number| !there.contains(number)).collect())
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

/// What decides about the actions of a caller besides the case: one query if the caller may resubmit it, none otherwise.
pub async fn circumstances<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<case::Circumstances, DbErr> {
    let new_documents = new_documents_of_each(db, std::slice::from_ref(case), caller, now).await?;
    Ok(case::Circumstances { now, new_documents: new_documents.get(&case.id).copied().unwrap_or_default() })
}

/// The number of documents that the member of a case, or the former one of a case that was handed over, has added since it was
/// completed or rejected, and not deleted, for each of these cases that the caller may resubmit; cases without such documents are
/// absent. One query if there is such a case.
pub async fn new_documents_of_each<C: ConnectionTrait>(
    db: &C,
    cases: &[case::Model],
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, u64>, DbErr> {
    let depends = cases.iter().filter(|case| case.awaits_resubmission_by(caller, now));
    let added = depends.filter_map(|case| {
        let since = std::cmp::max(case.completed_at, case.rejected_at)?;
        // Of the members, only those of the case can add documents to it.
        let is_member = user::Entity::find().select_only().column(user::Column::Id).filter(user::Column::Role.eq(Role::Member));
        let by_member = Column::UploadedById.eq(case.member_id).or(Column::UploadedById.in_subquery(is_member.into_query()));
        Some(Column::CaseId.eq(case.id).and(by_member).and(Column::CreatedAt.gte(since)))
    });
    let added: Vec<Expr> = added.collect();
    if added.is_empty() {
        return Ok(HashMap::new());
    }
    count_by_case(db, live().filter(added.into_iter().fold(Condition::any(), Condition::add))).await
}

/// The number of documents of each of these cases that are visible to the caller; cases without any are absent.
pub async fn visible_of_each<C: ConnectionTrait>(
    db: &C,
    cases: &[Uuid],
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, u64>, DbErr> {
    count_by_case(db, visible_to(caller, now).filter(Column::CaseId.is_in(padded(cases.iter().copied())))).await
}

async fn count_by_case<C: ConnectionTrait>(db: &C, documents: Select<Entity>) -> Result<HashMap<Uuid, u64>, DbErr> {
    let counted = documents.select_only().column(Column::CaseId).column_as(Column::Id.count(), "document_count");
    let rows: Vec<(Uuid, i64)> = counted.group_by(Column::CaseId).into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(case, count)| (case, u64::try_from(count).unwrap_or_default())).collect())
}
