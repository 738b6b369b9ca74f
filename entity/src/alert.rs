//! Alerts: raised in the transaction of the change that they report, and visible to their recipient only, who may dismiss them.

mod events;

use crate::audit::{AuditTx, Unaudited};
use crate::load::LoadError;
use crate::user::Caller;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, PaginatorTrait, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = AlertKind)]
pub enum Kind {
    CaseHeld,
    CaseHoldChanged,
    CaseResumed,
    CaseRejected,
    CaseReleased,
    CaseResubmitted,
    CaseMemberChanged,
    MemberComment,
    ReviewNeeded,
    ReviewDecided,
    HoldOverdue,
    JobFailed,
}

impl Kind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::CaseHeld => "case_held",
            Self::CaseHoldChanged => "case_hold_changed",
            Self::CaseResumed => "case_resumed",
            Self::CaseRejected => "case_rejected",
            Self::CaseReleased => "case_released",
            Self::CaseResubmitted => "case_resubmitted",
            Self::CaseMemberChanged => "case_member_changed",
            Self::MemberComment => "member_comment",
            Self::ReviewNeeded => "review_needed",
            Self::ReviewDecided => "review_decided",
            Self::HoldOverdue => "hold_overdue",
            Self::JobFailed => "job_failed",
        }
    }
}

/// How urgent an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = AlertSeverity)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something needs the recipient's attention.
    Warning,
    /// Something is broken.
    Critical,
}

impl Severity {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// An alert for one recipient. Ids sort by time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alerts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub recipient_id: Uuid,
    pub kind: Kind,
    pub severity: Severity,
    pub title: String,
    #[sea_orm(column_type = "Text")]
    pub message: String,
    pub case_id: Option<Uuid>,
    /// The case number when the alert was raised.
    pub case_number: Option<String>,
    pub raised_at: chrono::DateTime<chrono::Utc>,
    pub read_at: Option<chrono::DateTime<chrono::Utc>>,
    pub dismissed_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "the change it reports has its own audit entries; dismissing it is recorded as alert_dismissed";
}

/// The content of an alert.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    pub kind: Kind,
    pub severity: Severity,
    pub title: &'a str,
    pub message: &'a str,
    /// The id and the number of the case that it is about.
    pub case: Option<&'a (Uuid, String)>,
}

impl Notification<'_> {
    /// The alert for one recipient.
    pub fn to(&self, recipient_id: Uuid, id: Uuid, raised_at: DateTime<Utc>) -> Model {
        Model {
            id,
            recipient_id,
            kind: self.kind,
            severity: self.severity,
            title: self.title.to_owned(),
            message: self.message.to_owned(),
            case_id: self.case.map(|(id, _)| *id),
            case_number: self.case.map(|(_, number)| number.clone()),
            raised_at,
            read_at: None,
            dismissed_at: None,
        }
    }
}

/// Maximum number of rows per statement: databases limit the number of bound values in one statement.
const ROWS_MAX: usize = 1_000;

/// Raises an alert for each recipient.
pub async fn raise(tx: &AuditTx, recipients: &[Uuid], notification: Notification<'_>) -> Result<(), DbErr> {
    let row = |recipient: &Uuid| notification.to(*recipient, tx.new_id(), tx.now()).into_active_model().reset_all();
    for some in recipients.chunks(ROWS_MAX) {
        #[expect(clippy::disallowed_methods, reason = "unaudited rows")]
        let rows = Entity::insert_many(some.iter().map(row));
        rows.exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The caller's own alerts; a caller never sees any others.
pub fn visible_to(caller: &Caller) -> Select<Entity> {
    Entity::find().filter(Column::RecipientId.eq(caller.id()))
}

/// Reads an alert for update if it belongs to the caller.
pub async fn locked(tx: &AuditTx, id: Uuid, caller: &Caller) -> Result<Model, LoadError> {
    visible_to(caller).filter(Column::Id.eq(id)).lock_exclusive().one(tx).await?.ok_or(LoadError::Absent("alert"))
}

/// The number of a recipient's alerts that they have not read.
pub async fn unread_count<C: ConnectionTrait>(db: &C, recipient_id: Uuid) -> Result<u64, DbErr> {
    Entity::find().filter(is_unread_by(recipient_id)).count(db).await
}

/// Marks all of the caller's unread alerts as read, in one statement, and returns their number.
pub async fn read_all(tx: &AuditTx, caller: &Caller) -> Result<u64, DbErr> {
    #[expect(clippy::disallowed_methods, reason = "unaudited rows")]
    let alerts = Entity::update_many();
    let unread = alerts.col_expr(Column::ReadAt, Expr::value(tx.now())).filter(is_unread_by(caller.id()));
    Ok(unread.exec(tx).await?.rows_affected)
}

/// Led by the index `alerts_unread`.
fn is_unread_by(recipient_id: Uuid) -> Condition {
    is_unread().add(Column::RecipientId.eq(recipient_id))
}

/// Neither read nor dismissed: version 0.1.0 dismisses alerts without marking them as read.
pub fn is_unread() -> Condition {
    Condition::all().add(Column::ReadAt.is_null()).add(Column::DismissedAt.is_null())
}

impl Model {
    /// Marks the alert as read; the first time counts.
    pub async fn read(self, tx: &AuditTx) -> Result<Self, DbErr> {
        if self.read_at.is_some() {
            return Ok(self);
        }
        ActiveModel { id: Unchanged(self.id), read_at: Set(Some(tx.now())), ..Default::default() }.update(tx).await
    }

    /// Marks the alert as dismissed by its recipient, who has read it by then at the latest.
    pub async fn dismiss(self, tx: &AuditTx) -> Result<Self, DbErr> {
        let (id, now) = (Unchanged(self.id), tx.now());
        let read_at = Set(Some(self.read_at.unwrap_or(now)));
        ActiveModel { id, read_at, dismissed_at: Set(Some(now)), ..Default::default() }.update(tx).await
    }
}
