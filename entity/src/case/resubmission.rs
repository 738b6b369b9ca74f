//! Determines from the audit log what a member did to a case since it was completed or rejected.

use super::Model;
use crate::audit::{Action, Outcome};
use crate::audit_entry::{Column, Entity};
use crate::clock;
use crate::document;
use sea_orm::entity::prelude::*;
use sea_orm::{PaginatorTrait, QueryOrder, QuerySelect};
use std::collections::BTreeSet;

/// The fields that the member has edited since then, by wire name.
pub async fn edited_fields<C: ConnectionTrait>(db: &C, case: &Model) -> Result<BTreeSet<String>, DbErr> {
    let Some(since) = case.completed_at.max(case.rejected_at) else { return Ok(BTreeSet::new()) };
    let edits = [Action::CaseDetailsEdited, Action::CaseUpdated].map(Action::code);
    let lists: Vec<Option<String>> = Entity::find()
        .select_only()
        .column(Column::ChangedFields)
        .filter(Column::CaseId.eq(case.id))
        .filter(Column::ActorId.eq(case.member_id))
        .filter(Column::Id.gte(clock::floor_id(since)))
        .filter(Column::ActionType.is_in(edits))
        .filter(Column::Outcome.eq(Outcome::Success.code()))
        .order_by_desc(Column::Id)
        .limit(1_000)
        .into_tuple()
        .all(db)
        .await?;
    let fields = lists.iter().flatten().flat_map(|list| list.split(',')).filter(|field| !field.is_empty());
    Ok(fields.map(str::to_owned).collect())
}

/// The number of documents that the member has added since then and not deleted.
pub async fn new_documents<C: ConnectionTrait>(db: &C, case: &Model) -> Result<u64, DbErr> {
    use document::Column as D;
    let Some(since) = case.completed_at.max(case.rejected_at) else { return Ok(0) };
    let members = document::Entity::find().filter(D::CaseId.eq(case.id)).filter(D::UploadedById.eq(case.member_id));
    members.filter(D::DeletedAt.is_null()).filter(D::CreatedAt.gte(since)).count(db).await
}
