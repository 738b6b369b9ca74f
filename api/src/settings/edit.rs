//! Change the settings.

use super::SettingsDetail;
use crate::http::{Administrator, Answer, Body, IfMatch, IfMatchHeader, Result};
use crate::state::App;
use crate::wire::fields::{DelayHours, DueDays, EmailAddress, QuotaMib, TimeZone, WholeCredits};
use crate::wire::{SettingsProblems, json};
use actix_web::patch;
use entity::setting::{self, SettingsChange};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for changing the settings; absent settings do not change
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"default_case_due_days": 10, "reply_email_address": "desk@example.org"}))]
pub struct EditSettings {
    /// Default number of days until a case is due
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    default_case_due_days: Option<DueDays>,
    /// A case due in fewer days is a rush case
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    rush_case_threshold_days: Option<DueDays>,
    /// Default number of hours from the completion of a case to its release; 0 for immediately
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    default_completion_delay_hours: Option<DelayHours>,
    /// Whether emails are sent at all; events that occur while this is off are not emailed later
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    email_notifications_enabled: Option<bool>,
    /// Number of hours an email is delayed before it is sent
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    default_email_delay_hours: Option<DelayHours>,
    /// Address for replies to emails; null removes it
    #[serde(default, deserialize_with = "json::patch")]
    #[validate(nested)]
    reply_email_address: Option<Option<EmailAddress>>,
    /// Default number of credits per member and quarter
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    default_quarterly_credits: Option<WholeCredits>,
    /// A zone of the IANA time zone database, such as `America/Chicago`
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    time_zone: Option<TimeZone>,
    /// Whether users may read their own activity
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    own_activity_enabled: Option<bool>,
    /// Maximum total size in MiB of the documents uploaded by a member; deleted documents count
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    member_document_quota_mib: Option<QuotaMib>,
    /// Maximum total size in MiB of the documents of a case; deleted documents count
    #[serde(default, deserialize_with = "json::present")]
    #[validate(nested)]
    #[schema(nullable = false)]
    case_document_quota_mib: Option<QuotaMib>,
    /// Whether the audit log records which cases and users the staff read
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    record_views: Option<bool>,
}

/// Change the settings
///
/// Takes effect immediately, in every replica of the service. One audit entry is written regardless of how many settings change;
/// none if nothing changes.
#[utoipa::path(
    tag = "settings",
    params(IfMatchHeader),
    request_body = EditSettings,
    responses((status = OK, description = "The settings in their current state", body = SettingsDetail), SettingsProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["settings_updated"], "denied": entity::audit::Action::SettingsUpdated,
    }))),
)]
#[patch("/settings")]
pub async fn edit_settings(
    app: App,
    by: Administrator,
    if_match: IfMatch,
    body: Body<EditSettings>,
) -> Result<Answer<SettingsDetail>> {
    let (tx, by) = app.begin(&by).await?;
    let settings = setting::locked(&tx).await?;
    if_match.check(settings.version)?;
    let settings = tx.save(settings.change(body.0.into())).await?;
    let version = settings.version;
    Answer::new(settings.into(), version).committed(tx, &by).await
}

impl From<EditSettings> for SettingsChange {
    fn from(edit: EditSettings) -> Self {
        let EditSettings {
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
        } = edit;
        Self {
            default_case_due_days: default_case_due_days.map(DueDays::get),
            rush_case_threshold_days: rush_case_threshold_days.map(DueDays::get),
            default_completion_delay_hours: default_completion_delay_hours.map(DelayHours::get),
            email_notifications_enabled,
            default_email_delay_hours: default_email_delay_hours.map(DelayHours::get),
            reply_email_address: reply_email_address.map(|address| address.map(String::from)),
            default_quarterly_credits: default_quarterly_credits.map(WholeCredits::get),
            time_zone: time_zone.map(String::from),
            own_activity_enabled,
            member_document_quota_mib: member_document_quota_mib.map(QuotaMib::get),
            case_document_quota_mib: case_document_quota_mib.map(QuotaMib::get),
            record_views,
        }
    }
}
