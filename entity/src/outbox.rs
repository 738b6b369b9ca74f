//! Emails waiting to be sent, queued in the transaction of the change they report.

mod events;
mod parameters;

pub use parameters::{EmailNames, EmailParameters, FailureParameters, HoldParameters, RejectionParameters, ReleaseParameters};

use crate::audit::{AuditTx, Unaudited};
use crate::{setting, user};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, Iterable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The delivery status of an email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// Waiting until it is due, or for its next attempt.
    Pending,
    /// The mail server accepted it.
    Sent,
    /// Every attempt failed, or the address was permanently refused.
    Failed,
    /// Emails were disabled when it was queued.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Also the message id, by which a recipient's server recognises an email that was sent twice.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub status: MailStatus,
    /// The email address.
    pub recipient: String,
    pub template: String,
    pub queued_at: chrono::DateTime<chrono::Utc>,
    /// The parameters of the template: a JSON object.
    pub parameters: String,
    pub case_id: Option<Uuid>,
    pub case_number: Option<String>,
    /// The user with this address.
    pub related_user_id: Option<Uuid>,
    /// When it is due, or due again.
    pub send_after: Option<chrono::DateTime<chrono::Utc>>,
    pub attempts: i32,
    pub last_attempt_at: Option<chrono::DateTime<chrono::Utc>>,
    pub last_error: Option<String>,
    pub sent_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "sending an email is the recorded event (email_notification_sent), not queueing it";
}

/// The email templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    CaseHeld,
    CaseHoldChanged,
    CaseResumed,
    CaseRejected,
    CaseReleased,
    CaseMemberChanged,
    JobFailed,
}

impl Template {
    /// The template with a name; none if a newer version queued the email.
    pub fn parse(code: &str) -> Option<Self> {
        Self::iter().find(|template| template.code() == code)
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::CaseHeld => "case_held",
            Self::CaseHoldChanged => "case_hold_changed",
            Self::CaseResumed => "case_resumed",
            Self::CaseRejected => "case_rejected",
            Self::CaseReleased => "case_released",
            Self::CaseMemberChanged => "case_member_changed",
            Self::JobFailed => "job_failed",
        }
    }
}

/// An email to a user.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    pub to: &'a user::Model,
    pub parameters: &'a EmailParameters,
    /// The employee whom the case concerns, if it is about one.
    pub employee_name: Option<&'a str>,
    /// The id and the number of the case that it is about.
    pub case: Option<&'a (Uuid, String)>,
}

/// Queues emails in one statement: to be sent after the settings' delay, or skipped if the settings disable emails.
pub async fn queue<'a>(tx: &AuditTx, settings: &setting::Model, mails: impl IntoIterator<Item = Mail<'a>>) -> Result<(), DbErr> {
    let row = |mail: Mail<'_>| mail.queued(settings, tx.new_id(), tx.now()).into_active_model().reset_all();
    let rows: Vec<ActiveModel> = mails.into_iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    #[expect(clippy::disallowed_methods, reason = "unaudited rows")]
    let rows = Entity::insert_many(rows);
    rows.exec_without_returning(tx).await.map(drop)
}

impl Mail<'_> {
    /// The row of an email that waits for its first attempt.
    pub fn queued(&self, settings: &setting::Model, id: Uuid, queued_at: DateTime<Utc>) -> Model {
        let delay = TimeDelta::hours(settings.default_email_delay_hours.into());
        Model {
            id,
            status: if settings.email_notifications_enabled { MailStatus::Pending } else { MailStatus::Skipped },
            recipient: self.to.email.clone(),
            template: self.parameters.template().code().to_owned(),
            queued_at,
            parameters: self.parameters.with_names(&self.names()).to_string(),
            case_id: self.case.map(|(id, _)| *id),
            case_number: self.case.map(|(_, number)| number.clone()),
            related_user_id: Some(self.to.id),
            send_after: Some(queued_at + delay),
            attempts: 0,
            last_attempt_at: None,
            last_error: None,
            sent_at: None,
        }
    }

    fn names(&self) -> EmailNames {
        EmailNames {
            first_name: self.to.first_name.clone(),
            case_number: self.case.map(|(_, number)| number.clone()),
            employee_name: self.employee_name.map(str::to_owned),
        }
    }
}
