//! Get the settings.

use super::SettingsDetail;
use crate::http::{Answer, IfNoneMatch, IfNoneMatchHeader, Staff};
use crate::state::App;
use crate::wire::{ListProblems, Result};
use actix_web::get;
use entity::setting;

/// Get the settings
///
/// Returns the current settings, which are the same for every replica of the service.
#[utoipa::path(
    tag = "settings",
    params(IfNoneMatchHeader),
    responses(
        (status = OK, description = "The settings", body = SettingsDetail),
        (status = NOT_MODIFIED, description = "The caller already has this version"),
        ListProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading the settings is not audited; changing them is")),
    ),
)]
#[get("/settings")]
pub async fn get_settings(app: App, _by: Staff, _: IfNoneMatch) -> Result<Answer<SettingsDetail>> {
    let row = setting::current(app.readers()).await?;
    let version = row.version;
    Ok(Answer::new(row.into(), version))
}
