//! Mails that wait to be sent, queued in the transaction of what they tell about.

use crate::audit::Unaudited;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// It waits for its time, or for its next attempt.
    Pending,
    /// The mail server took it.
    Sent,
    /// Every attempt failed, or the address was refused for good.
    Failed,
    /// Mails were switched off when it was queued.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Also the message's own id, by which a recipient's server knows a mail that was sent twice.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub status: MailStatus,
    /// The address.
    pub recipient: String,
    pub template: String,
    pub queued_at: chrono::DateTime<chrono::Utc>,
    /// What the template's words need: a JSON object.
    pub parameters: String,
    pub case_id: Option<Uuid>,
    pub case_number: Option<String>,
    /// Whose address it is.
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
    const BECAUSE: &'static str = "sending a mail is the event (email_notification_sent), not queueing it";
}
