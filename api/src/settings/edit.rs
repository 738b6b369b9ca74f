//! Change the settings.

use super::SettingsDetail;
use crate::http::{Administrator, Answer, Body, IfMatch, IfMatchHeader, Result};
use crate::state::App;
use crate::wire::{SettingsProblems, check, json};
use actix_web::patch;
use entity::setting;
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
    #[validate(range(min = 1, max = 90))]
    #[schema(minimum = 1, maximum = 90, nullable = false)]
    default_case_due_days: Option<i32>,
    /// A case due in fewer days is a rush case
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 90))]
    #[schema(minimum = 1, maximum = 90, nullable = false)]
    rush_case_threshold_days: Option<i32>,
    /// Default number of hours from the completion of a case to its release; 0 for immediately
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 0, max = 24))]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    default_completion_delay_hours: Option<i32>,
    /// Whether emails are sent at all; events that occur while this is off are not emailed later
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    email_notifications_enabled: Option<bool>,
    /// Number of hours an email is delayed before it is sent
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 0, max = 24))]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    default_email_delay_hours: Option<i32>,
    /// Address for replies to emails; null removes it
    #[serde(default, deserialize_with = "json::patch")]
    #[validate(length(min = 3, max = 254), email)]
    #[schema(min_length = 3, max_length = 254, format = Email)]
    reply_email_address: Option<Option<String>>,
    /// Default number of credits per member and quarter
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 0, max = 10000))]
    #[schema(minimum = 0, maximum = 10000, nullable = false)]
    default_quarterly_credits: Option<i32>,
    /// A zone of the IANA time zone database, such as `America/Chicago`
    #[serde(default, deserialize_with = "json::present")]
    #[validate(length(min = 1, max = 64), custom(function = "check::time_zone"))]
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    time_zone: Option<String>,
    /// Whether users may read their own activity
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    own_activity_enabled: Option<bool>,
    /// Maximum total size in MiB of the documents uploaded by a member; deleted documents count
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 1048576))]
    #[schema(minimum = 1, maximum = 1048576, nullable = false)]
    member_document_quota_mib: Option<i32>,
    /// Maximum total size in MiB of the documents of a case; deleted documents count
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 1048576))]
    #[schema(minimum = 1, maximum = 1048576, nullable = false)]
    case_document_quota_mib: Option<i32>,
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

impl From<EditSettings> for setting::Change {
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
        } = edit;
        Self {
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
        }
    }
}
