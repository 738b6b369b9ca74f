//! The service's settings: one row that always exists, read wherever the settings apply.

mod events;

use crate::audit::{AuditTx, audited};
use crate::db::placed;
use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QuerySelect};

placed! {
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
        pub record_views: bool,
        pub version: i32,
        pub created_at: chrono::DateTime<chrono::Utc>,
        pub updated_at: chrono::DateTime<chrono::Utc>,
    }
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
    Column::RecordViews,
];

/// The settings to change; `None` leaves a setting unchanged.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
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
    pub record_views: Option<bool>,
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
            record_views: false,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    /// The time zone of all civil days.
    pub fn zone(&self) -> Result<Tz, DbErr> {
        zone(&self.time_zone)
    }

    /// An instant as the text of an email or alert states it: to the minute, in the settings' time zone, with the zone's name. In
    /// UTC if this version does not know the zone, since a notification is sent regardless.
    pub fn civil_time(&self, at: DateTime<Utc>) -> String {
        let zone = self.zone().unwrap_or(Tz::UTC);
        let local = at.with_timezone(&zone);
        let time = local.format("%A, %-d %B %Y, %H:%M");
        // When daylight saving time ends, an hour of the night occurs twice: only the offset shows which one is meant.
        match zone.from_local_datetime(&local.naive_local()).single() {
            Some(_) => format!("{time} ({zone})"),
            None => format!("{time} ({zone}, UTC{})", local.format("%:z")),
        }
    }

    /// The row to save.
    pub fn change(self, change: SettingsChange) -> ActiveModel {
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
        set(&mut row.record_views, change.record_views);
        row
    }
}

/// The time zone of this name.
pub(crate) fn zone(name: &str) -> Result<Tz, DbErr> {
    name.parse().map_err(|_| DbErr::Type(format!("settings.time_zone '{name}' is not a time zone")))
}

/// Whether the views of cases and users are recorded.
pub async fn are_views_recorded<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let setting = Entity::find().select_only().column(Column::RecordViews).into_tuple::<bool>();
    setting.one(db).await?.ok_or_else(absent)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_formatted_as_the_civil_time_of_the_zone() {
        let cases = [
            ("America/Chicago", "2026-12-01T20:30:00Z", "Tuesday, 1 December 2026, 14:30 (America/Chicago)"),
            ("Asia/Tokyo", "2026-12-01T20:30:00Z", "Wednesday, 2 December 2026, 05:30 (Asia/Tokyo)"),
            ("Asia/Kathmandu", "2026-12-31T18:15:59.999Z", "Friday, 1 January 2027, 00:00 (Asia/Kathmandu)"),
            ("UTC", "2026-06-09T08:05:00Z", "Tuesday, 9 June 2026, 08:05 (UTC)"),
            // Daylight saving time begins: 02:00 is followed by 03:00.
            ("America/Chicago", "2026-03-08T07:59:00Z", "Sunday, 8 March 2026, 01:59 (America/Chicago)"),
            ("America/Chicago", "2026-03-08T08:00:00Z", "Sunday, 8 March 2026, 03:00 (America/Chicago)"),
            // It ends: 01:00 to 02:00 occurs twice.
            ("America/Chicago", "2026-11-01T06:30:00Z", "Sunday, 1 November 2026, 01:30 (America/Chicago, UTC-05:00)"),
            ("America/Chicago", "2026-11-01T07:30:00Z", "Sunday, 1 November 2026, 01:30 (America/Chicago, UTC-06:00)"),
            ("America/Chicago", "2026-11-01T08:00:00Z", "Sunday, 1 November 2026, 02:00 (America/Chicago)"),
            // A zone that only a newer version knows.
            ("Mars/Olympus", "2026-12-01T20:30:00Z", "Tuesday, 1 December 2026, 20:30 (UTC)"),
        ];
        for (zone, at, expected) in cases {
            let settings = Model { time_zone: zone.to_owned(), ..Model::first() };
            assert_eq!(settings.civil_time(at.parse().unwrap()), expected);
        }
    }
}
