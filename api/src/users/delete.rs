//! Delete a user and keep their history.

use super::target::{UserPath, UserTarget};
use crate::http::{Administrator, IfMatchHeader, Query, Result};
use crate::state::App;
use crate::wire::DeleteAccountProblems;
use crate::wire::fields::Reason;
use actix_web::{HttpResponse, delete};
use entity::api_key;
use entity::session;
use entity::user::{self, UserAction};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// Query parameters for deleting a user
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct DeleteUser {
    /// Reason for the deletion
    #[validate(nested)]
    #[param(inline, example = "left the company")]
    reason: Reason,
}

/// Delete a user
///
/// Not allowed for one's own account, for the last active administrator, or for users with open cases, assigned to them or of
/// their own as a member. Ends the user's sessions, or revokes a service account's keys; the username stays reserved, the email
/// address can be used again, and the audit log keeps naming the user.
#[utoipa::path(
    tag = "users",
    params(UserPath, DeleteUser, IfMatchHeader),
    responses((status = NO_CONTENT, description = "The user was deleted"), DeleteAccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["user_deleted"], "may": [], "denied": entity::audit::Action::UserDeleted,
    }))),
)]
#[delete("/users/{user_id}")]
pub async fn delete_user(app: App, by: Administrator, target: UserTarget, query: Query<DeleteUser>) -> Result<HttpResponse> {
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let tx = tx.with_reason(&query.reason);
    let (user, standing) = target.locked_with_standing(&tx, &by, UserAction::Delete).await?;
    user.ensure_may_leave(&standing)?;
    let user = user::save(&tx, user.delete(tx.now())).await?;
    session::end_all(&tx, user.id).await?;
    api_key::revoke_all(&tx, user.id).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
