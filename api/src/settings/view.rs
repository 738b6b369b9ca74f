//! The representation of the settings in responses.

use crate::wire::Instant;
use crate::wire::fields::shown::{ShownEmailAddress, ShownTimeZone};
use crate::wire::fields::{DelayHours, DueDays, QuotaMib, WholeCredits};
use entity::setting;
use serde::Serialize;
use utoipa::ToSchema;

/// The service's settings
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "default_case_due_days": 7, "rush_case_threshold_days": 7, "default_completion_delay_hours": 0,
    "email_notifications_enabled": true, "default_email_delay_hours": 0, "reply_email_address": "desk@example.org",
    "default_quarterly_credits": 100, "time_zone": "America/Chicago", "own_activity_enabled": true,
    "member_document_quota_mib": 5120, "case_document_quota_mib": 2048, "record_views": false, "version": 2,
    "updated_at": "2026-11-22T08:00:00.123Z"
}))]
pub struct SettingsDetail {
    /// Default number of days until a case is due
    pub default_case_due_days: DueDays,
    /// A case due in fewer days is a rush case
    pub rush_case_threshold_days: DueDays,
    /// Default number of hours from the completion of a case to its release; 0 for immediately
    pub default_completion_delay_hours: DelayHours,
    /// Whether emails are sent at all
    pub email_notifications_enabled: bool,
    /// Number of hours an email is delayed before it is sent
    pub default_email_delay_hours: DelayHours,
    /// Address for replies to emails
    #[schema(value_type = Option<ShownEmailAddress>)]
    pub reply_email_address: Option<String>,
    /// Default number of credits per member and quarter
    pub default_quarterly_credits: WholeCredits,
    /// The time zone of all calendar dates: due dates, periods, quarters, the month in a case number
    #[schema(value_type = ShownTimeZone)]
    pub time_zone: String,
    /// Whether users may read their own activity
    pub own_activity_enabled: bool,
    /// Maximum total size in MiB of the documents uploaded by a member; deleted documents count
    pub member_document_quota_mib: QuotaMib,
    /// Maximum total size in MiB of the documents of a case; deleted documents count
    pub case_document_quota_mib: QuotaMib,
    /// Whether the audit log records which cases and users the staff read: one entry per reader, case or user, and hour
    pub record_views: bool,
    /// Incremented with every change; also the `ETag`
    #[schema(minimum = 1)]
    pub version: i32,
    pub updated_at: Instant,
}

impl From<setting::Model> for SettingsDetail {
    fn from(row: setting::Model) -> Self {
        // No `..` here: a new setting must be shown.
        let setting::Model {
            id: _,
            default_case_due_days,
            rush_case_threshold_days,
            default_completion_delay_hours,
            email_notifications_enabled,
            default_email_delay_hours,
            reply_email_address,
            default_quarterly_credits,
            time_zone,
            own_activity_enabled,
            member_document_quota_mib,
            case_document_quota_mib,
            record_views,
            version,
            created_at: _,
            updated_at,
        } = row;
        Self {
            default_case_due_days: default_case_due_days.into(),
            rush_case_threshold_days: rush_case_threshold_days.into(),
            default_completion_delay_hours: default_completion_delay_hours.into(),
            email_notifications_enabled,
            default_email_delay_hours: default_email_delay_hours.into(),
            reply_email_address,
            default_quarterly_credits: default_quarterly_credits.into(),
            time_zone,
            own_activity_enabled,
            member_document_quota_mib: member_document_quota_mib.into(),
            case_document_quota_mib: case_document_quota_mib.into(),
            record_views,
            version,
            updated_at: updated_at.into(),
        }
    }
}
