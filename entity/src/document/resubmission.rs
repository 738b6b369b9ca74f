//! The documents that can make a case worth a resubmission: those that its member added since it was completed or rejected.

use super::{Column, Entity, live};
use crate::case;
use crate::db::padded;
use crate::user::{self, Caller, Role};
use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, JoinType, QuerySelect};
use std::collections::HashMap;

/// What decides whether a document that was not deleted counts as new.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct UploadedDocument {
    pub case_id: Uuid,
    pub uploaded_by_id: Uuid,
    /// The present role of the user who uploaded it.
    pub role: Role,
    pub created_at: DateTime<Utc>,
}

impl UploadedDocument {
    /// Whether the member of this case, or the former one of a case that was handed over, has added it since the case was
    /// completed or rejected. Of the members, only those of the case can add documents to it.
    pub fn is_new_in(&self, case: &case::Model) -> bool {
        let is_by_member = self.uploaded_by_id == case.member_id || self.role == Role::Member;
        is_by_member && case.returned_at().is_some_and(|returned_at| self.created_at >= returned_at)
    }
}

/// What decides about the actions of a caller besides the case: one query if the caller may resubmit it, none otherwise.
pub async fn circumstances<C: ConnectionTrait>(
    db: &C,
    case: &case::Model,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<case::Circumstances, DbErr> {
    let new_documents = new_documents_of_each(db, [case], caller, now).await?;
    Ok(case::Circumstances { now, new_documents: new_documents.get(&case.id).copied().unwrap_or_default() })
}

/// The number of new documents of each of these cases that the caller may resubmit; cases without any are absent. One query if
/// there is such a case.
pub async fn new_documents_of_each<'a, C: ConnectionTrait>(
    db: &C,
    cases: impl IntoIterator<Item = &'a case::Model>,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, u64>, DbErr> {
    let awaiting = cases.into_iter().filter(|case| case.awaits_resubmission_by(caller, now));
    let awaiting: HashMap<Uuid, &case::Model> = awaiting.map(|case| (case.id, case)).collect();
    let Some(earliest) = awaiting.values().filter_map(|case| case.returned_at()).min() else { return Ok(HashMap::new()) };
    let uploader = Entity::belongs_to(user::Entity).from(Column::UploadedById).to(user::Column::Id);
    let uploaded = live()
        .filter(Column::CaseId.is_in(padded(awaiting.keys().copied())))
        .filter(Column::CreatedAt.gte(earliest))
        .join(JoinType::InnerJoin, uploader.into())
        .select_only()
        .columns([Column::CaseId, Column::UploadedById, Column::CreatedAt])
        .column(user::Column::Role);
    let mut new_documents = HashMap::new();
    for document in uploaded.into_model::<UploadedDocument>().all(db).await? {
        if awaiting.get(&document.case_id).is_some_and(|case| document.is_new_in(case)) {
            *new_documents.entry(document.case_id).or_default() += 1;
        }
    }
    Ok(new_documents)
}
