//! Reactivate a user, which restores their access.

use super::target::{UserPath, UserTarget};
use crate::http::{Answer, Body, IfMatchHeader, Result, UserDetail, UserManager};
use crate::state::App;
use crate::wire::AccountProblems;
use crate::wire::fields::Reason;
use actix_web::post;
use entity::user::{self, UserAction};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for reactivating a user
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "back from leave"}))]
pub struct ReactivateUser {
    /// Reason for the reactivation
    #[validate(nested)]
    reason: Reason,
}

/// Reactivate a user
///
/// Administrators may reactivate all users but themselves, technicians members only. Reactivating an active user changes nothing
/// and leaves no entry.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = ReactivateUser,
    responses((status = OK, description = "The updated user", body = UserDetail), AccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["user_updated"], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[post("/users/{user_id}/reactivate")]
pub async fn reactivate_user(
    app: App,
    by: UserManager,
    target: UserTarget,
    body: Body<ReactivateUser>,
) -> Result<Answer<UserDetail>> {
    let (tx, by) = app.begin(&by).await?;
    let tx = tx.with_reason(&body.reason);
    let (user, standing) = target.locked_with_standing(&tx, &by, UserAction::Reactivate).await?;
    standing.ensure_another()?;
    let user = user::save(&tx, user.activate(true)).await?;
    UserDetail::committed(tx, user, &by).await
}
