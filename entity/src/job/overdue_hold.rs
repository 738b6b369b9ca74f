//! Remembers the overdue holds for which a reminder was sent: once per hold and expected end.

use crate::audit::{AuditTx, CarryOut, Unaudited, Verb};
use crate::case::{self, CaseStatus};
use crate::setting;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QuerySelect, QueryTrait, Select};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "overdue_holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    /// When that hold began: a later one of the same case is a different hold.
    #[sea_orm(primary_key, auto_increment = false)]
    pub held_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "it remembers that an alert was raised, which does not change the case";
    const VERBS: &'static [Verb] = &[Verb::Insert, Verb::Delete];
}

/// Cases whose hold lasts longer than expected and for which no reminder was sent yet.
pub fn unreminded(now: DateTime<Utc>) -> Select<case::Entity> {
    let reminded = Entity::find()
        .select_only()
        .column(Column::CaseId)
        .filter(Expr::col((Entity, Column::CaseId)).equals((case::Entity, case::Column::Id)))
        .filter(Expr::col((Entity, Column::HeldAt)).equals((case::Entity, case::Column::HeldAt)))
        .into_query();
    case::Entity::find()
        .filter(case::Column::DeletedAt.is_null())
        .filter(case::Column::Status.eq(CaseStatus::Hold))
        .filter(case::Column::HoldExpectedEndAt.lte(now))
        .filter(Expr::not_exists(reminded))
}

/// Forgets that reminders were sent for a case: another one is due if its hold lasts longer than expected now.
pub(crate) async fn forget(tx: &AuditTx, case_id: Uuid) -> Result<(), DbErr> {
    #[expect(clippy::disallowed_methods, reason = "unaudited rows")]
    let reminders = Entity::delete_many();
    reminders.filter(Column::CaseId.eq(case_id)).exec(tx).await.map(drop)
}

/// Reminds those who work on the case of its hold, once.
pub async fn remind(tx: &AuditTx, case: &case::Model, settings: &setting::Model) -> Result<(), DbErr> {
    let Some(held_at) = case.held_at else { return Ok(()) };
    let row = ActiveModel { case_id: Set(case.id), held_at: Set(held_at) };
    row.insert(tx).await?;
    case::effects::hold_overdue(case, settings).carry_out(tx).await
}
