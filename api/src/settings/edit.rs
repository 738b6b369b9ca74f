//! Change the settings.

use super::SettingsDetail;
use crate::http::{Administrator, Answer, Body, IfMatch, IfMatchHeader, Result, SettingsProblems, check, json};
use crate::state::App;
use actix_web::patch;
use entity::setting;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// What to change of the settings; what is absent stays as it is
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"default_case_due_days": 10, "reply_email_address": "desk@example.org"}))]
pub struct EditSettings {
    /// In how many days a case is due if nobody says
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 90))]
    #[schema(minimum = 1, maximum = 90, nullable = false)]
    default_case_due_days: Option<i32>,
    /// A case that is due in fewer days is a rush
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 90))]
    #[schema(minimum = 1, maximum = 90, nullable = false)]
    rush_case_threshold_days: Option<i32>,
    /// How many hours after its completion a case is released, if nobody says; 0 for at once
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 0, max = 24))]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    default_completion_delay_hours: Option<i32>,
    /// Whether mails are sent at all; what happens while they are off is not mailed later
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    email_notifications_enabled: Option<bool>,
    /// How many hours a mail waits before it is sent
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 0, max = 24))]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    default_email_delay_hours: Option<i32>,
    /// Where answers to mails go; null removes it
    #[serde(default, deserialize_with = "json::patch")]
    #[validate(length(min = 3, max = 254), email)]
    #[schema(min_length = 3, max_length = 254, format = Email)]
    reply_email_address: Option<Option<String>>,
    /// How many credits a member has a quarter, if nobody says
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 0, max = 10000))]
    #[schema(minimum = 0, maximum = 10000, nullable = false)]
    default_quarterly_credits: Option<i32>,
    /// A zone of the IANA time zone database, such as `America/Chicago`
    #[serde(default, deserialize_with = "json::present")]
    #[validate(length(min = 1, max = 64), custom(function = "check::time_zone"))]
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    time_zone: Option<String>,
    /// Whether everybody may look at what he did himself
    #[serde(default, deserialize_with = "json::present")]
    #[schema(nullable = false)]
    own_activity_enabled: Option<bool>,
    /// How many MiB the documents that a member uploaded may take up together; deleted ones count
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 1048576))]
    #[schema(minimum = 1, maximum = 1048576, nullable = false)]
    member_document_quota_mib: Option<i32>,
    /// How many MiB the documents of a case may take up together; deleted ones count
    #[serde(default, deserialize_with = "json::present")]
    #[validate(range(min = 1, max = 1048576))]
    #[schema(minimum = 1, maximum = 1048576, nullable = false)]
    case_document_quota_mib: Option<i32>,
}

/// Change the settings
///
/// In force at once, in every replica of the service. One entry, however many settings change; a request that changes nothing
/// leaves none.
#[utoipa::path(
    tag = "settings",
    params(IfMatchHeader),
    request_body = EditSettings,
    responses((status = OK, description = "The settings as they now are", body = SettingsDetail), SettingsProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["settings_updated"]}))),
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
    Answer::of(settings.into(), version).committed(tx, &by).await
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
