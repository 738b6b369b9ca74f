//! Flags that a member updated a case and the staff has not acknowledged it yet: a table of its own, so that the flag doesn't
//! change the case.

use super::CaseStatus;
use crate::audit::{AuditTx, ChangeContext, Unaudited};
use crate::effect::Effect;
use crate::user::Role;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_member_updates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    pub has_member_updates: bool,
    pub member_last_update_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "a flag for the staff's queue; the member's changes have their own audit entries";
}

/// What must follow an edit of a case, or a change of its notes or documents, if a member made it.
pub(crate) fn effect(case_id: Uuid, change: &ChangeContext) -> Option<Effect> {
    (change.by.role() == Some(Role::Member)).then_some(Effect::MemberUpdated { case_id })
}

/// Whether what a member does to the case is flagged: no one works on a draft yet.
pub fn is_flagged(case: &super::Model) -> bool {
    case.status != CaseStatus::Draft
}

/// Sets the flag at this transaction's time.
pub(crate) async fn raise(tx: &AuditTx, case_id: Uuid) -> Result<(), DbErr> {
    let row = ActiveModel { case_id: Set(case_id), has_member_updates: Set(true), member_last_update_at: Set(Some(tx.now())) };
    let replace =
        OnConflict::column(Column::CaseId).update_columns([Column::HasMemberUpdates, Column::MemberLastUpdateAt]).to_owned();
    #[expect(clippy::disallowed_methods, reason = "an unaudited flag")]
    Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}

/// Records that the staff has acknowledged the updates.
pub async fn clear(tx: &AuditTx, case_id: Uuid) -> Result<(), DbErr> {
    #[expect(clippy::disallowed_methods, reason = "an unaudited flag")]
    let flags = Entity::update_many();
    flags.col_expr(Column::HasMemberUpdates, false.into()).filter(Column::CaseId.eq(case_id)).exec(tx).await.map(drop)
}
