//! Deactivate a user, which suspends their access.

use super::target::{UserPath, UserTarget};
use crate::http::{Answer, Body, IfMatchHeader, Result, UserDetail, UserManager};
use crate::state::App;
use crate::wire::AccountProblems;
use crate::wire::fields::Reason;
use actix_web::post;
use entity::session;
use entity::user::{self, UserAction};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for deactivating a user
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "on leave until March"}))]
pub struct DeactivateUser {
    /// Reason for the deactivation
    #[validate(nested)]
    reason: Reason,
}

/// Deactivate a user
///
/// Not allowed for one's own account, for the last active administrator, or for users who are assigned open cases; technicians
/// may deactivate members only. A member's own cases remain theirs, and an administrator can hand them over to another member.
/// Ends the user's sessions. Deactivating an inactive user changes nothing and leaves no entry.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = DeactivateUser,
    responses((status = OK, description = "The updated user", body = UserDetail), AccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["user_updated"], "denied": entity::audit::Action::UserUpdated,
    }))),
)]
#[post("/users/{user_id}/deactivate")]
pub async fn deactivate_user(
    app: App,
    by: UserManager,
    target: UserTarget,
    body: Body<DeactivateUser>,
) -> Result<Answer<UserDetail>> {
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let tx = tx.with_reason(&body.reason);
    let (user, standing) = target.locked_with_standing(&tx, &by, UserAction::Deactivate).await?;
    standing.ensure_another()?;
    if user.is_active {
        user.ensure_may_pause(&standing)?;
        session::end_all(&tx, user.id).await?;
    }
    let user = user::save(&tx, user.activate(false)).await?;
    UserDetail::committed(tx, user, &by).await
}
