//! Read the caller's own account.

use super::account::AccountDetail;
use crate::http::{Answer, Anyone, IfNoneMatch, IfNoneMatchHeader};
use crate::state::App;
use crate::wire::{CommonProblems, Error, Result};
use actix_web::get;

/// Get your own account and permissions
///
/// `permissions` lists what role, level and scopes allow; single cases and accounts have further rules. `unread_alerts` is the
/// number of alerts that the caller has not read.
#[utoipa::path(
    tag = "auth",
    params(IfNoneMatchHeader),
    responses(
        (status = OK, description = "The account", body = AccountDetail),
        (status = NOT_MODIFIED, description = "The account still has the version in If-None-Match"),
        CommonProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading one's own account is not an access worth recording")),
    ),
)]
#[get("/auth/me")]
pub async fn get_own_account(app: App, by: Anyone, _: IfNoneMatch) -> Result<Answer<AccountDetail>> {
    let found = AccountDetail::find(app.readers(), by.id(), by.session_id).await?;
    let (account, version) = found.ok_or_else(Error::not_found)?;
    Ok(Answer::new(account, version))
}
