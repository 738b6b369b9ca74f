//! The service's settings: one row that always exists, read wherever the settings apply.

mod events;

use crate::audit::AuditTx;
use chrono::DateTime;
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub default_case_due_days: i32,
    pub rush_case_threshold_days: i32,
    pub default_completion_delay_hours: i32,
    pub email_notifications_enabled: bool,
    pub default_email_delay_hours: i32,
    pub reply_email_address: Option<String>,
    pub default_quarterly_credits: i32,
    pub time_zone: String,
    pub own_activity_enabled: bool,
    pub member_document_quota_mib: i32,
    pub case_document_quota_mib: i32,
    pub version: i32,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub updated_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

audited! {
    "settings",
    events: events::events,
    long_texts: [],
    people: [],
    bookkeeping: [],
}

/// Every setting; one entry covers all that changed.
pub(crate) const EVERY_SETTING: &[Column] = &[
    Column::DefaultCaseDueDays,
    Column::RushCaseThresholdDays,
    Column::DefaultCompletionDelayHours,
    Column::EmailNotificationsEnabled,
    Column::DefaultEmailDelayHours,
    Column::ReplyEmailAddress,
    Column::DefaultQuarterlyCredits,
    Column::TimeZone,
    Column::OwnActivityEnabled,
    Column::MemberDocumentQuotaMib,
    Column::CaseDocumentQuotaMib,
];

/// The settings to change; `None` leaves a setting unchanged.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub default_case_due_days: Option<i32>,
    pub rush_case_threshold_days: Option<i32>,
    pub default_completion_delay_hours: Option<i32>,
    pub email_notifications_enabled: Option<bool>,
    pub default_email_delay_hours: Option<i32>,
    pub reply_email_address: Option<Option<String>>,
    pub default_quarterly_credits: Option<i32>,
    pub time_zone: Option<String>,
    pub own_activity_enabled: Option<bool>,
    pub member_document_quota_mib: Option<i32>,
    pub case_document_quota_mib: Option<i32>,
}

impl Model {
    /// The settings as the first migration wrote them, which no entry records: a replay starts with them.
    pub fn first() -> Self {
        Self {
            id: Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001),
            default_case_due_days: 7,
            rush_case_threshold_days: 7,
            default_completion_delay_hours: 0,
            email_notifications_enabled: true,
            default_email_delay_hours: 0,
            reply_email_address: None,
            default_quarterly_credits: 100,
            time_zone: "America/Chicago".to_owned(),
            own_activity_enabled: true,
            member_document_quota_mib: 5_120,
            case_document_quota_mib: 2_048,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    /// The time zone of all civil days.
    pub fn zone(&self) -> Result<chrono_tz::Tz, DbErr> {
        self.time_zone.parse().map_err(|_| DbErr::Type(format!("settings.time_zone '{}' is not a time zone", self.time_zone)))
    }

    /// The row to save.
    pub fn change(self, change: Change) -> ActiveModel {
        fn set<T: Into<sea_orm::Value>>(to: &mut sea_orm::ActiveValue<T>, value: Option<T>) {
            if let Some(value) = value {
                *to = Set(value);
            }
        }
        let mut row = self.into_active_model();
        set(&mut row.default_case_due_days, change.default_case_due_days);
        set(&mut row.rush_case_threshold_days, change.rush_case_threshold_days);
        set(&mut row.default_completion_delay_hours, change.default_completion_delay_hours);
        set(&mut row.email_notifications_enabled, change.email_notifications_enabled);
        set(&mut row.default_email_delay_hours, change.default_email_delay_hours);
        set(&mut row.reply_email_address, change.reply_email_address);
        set(&mut row.default_quarterly_credits, change.default_quarterly_credits);
        set(&mut row.time_zone, change.time_zone);
        set(&mut row.own_activity_enabled, change.own_activity_enabled);
        set(&mut row.member_document_quota_mib, change.member_document_quota_mib);
        set(&mut row.case_document_quota_mib, change.case_document_quota_mib);
        row
    }
}

/// The current settings.
pub async fn current<C: ConnectionTrait>(db: &C) -> Result<Model, DbErr> {
    Entity::find().one(db).await?.ok_or_else(absent)
}

/// Reads the settings for update; the transaction remembers them for the hooks.
pub async fn locked(tx: &AuditTx) -> Result<Model, DbErr> {
    tx.lock(Entity::find()).await?.ok_or_else(absent)
}

fn absent() -> DbErr {
    DbErr::RecordNotFound("settings".to_owned())
}
