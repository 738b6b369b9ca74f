//! Change a user's role, level and scopes.

use super::target::{UserPath, UserTarget};
use crate::http::{Administrator, Answer, Body, IfMatchHeader, Result, UserDetail};
use crate::state::App;
use crate::wire::AccountProblems;
use crate::wire::fields::{Reason, at_most_all};
use actix_web::post;
use entity::api_key;
use entity::session;
use entity::user::lifecycle::Rights;
use entity::user::{self, Level, Role, Scope, UserAction, credential};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for changing a user's role
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "technician", "user_level": "level_2", "reason": "passed the examination"}))]
pub struct ChangeUserRole {
    role: Role,
    /// Required for technicians, not allowed otherwise
    user_level: Option<Level>,
    /// For service accounts only
    #[validate(custom(function = "at_most_all"))]
    scopes: Option<Vec<Scope>>,
    /// Reason for the change
    #[validate(nested)]
    reason: Reason,
}

/// Change a user's role, level or scopes
///
/// Not allowed for one's own role, for that of the last active administrator, for that of a technician who is assigned open
/// cases, or for that of a user with open cases of their own, unless they become a member: no one works on a case of their own.
/// Ends the user's sessions; a user who is no longer a service account loses all API keys. A request that changes nothing leaves
/// no entry and ends no session.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = ChangeUserRole,
    responses((status = OK, description = "The updated user", body = UserDetail), AccountProblems),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["user_role_changed"], "denied": entity::audit::Action::UserRoleChanged,
    }))),
)]
#[post("/users/{user_id}/role")]
pub async fn change_user_role(
    app: App,
    by: Administrator,
    target: UserTarget,
    body: Body<ChangeUserRole>,
) -> Result<Answer<UserDetail>> {
    let rights = Rights::new(body.role, body.user_level, body.scopes.clone())?;
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let tx = tx.with_reason(&body.reason);
    let (user, standing) = target.locked_with_standing(&tx, &by, UserAction::ChangeRole).await?;
    user.ensure_may_become(&rights, &standing)?;
    let before = user.version;
    let user = user::save(&tx, user.change_role(&rights)).await?;
    if user.version != before {
        session::end_all(&tx, user.id).await?;
        if user.role == Role::Service {
            // A service account has no password.
            credential::set(&tx, user.id, None).await?;
        } else {
            // Only a service account has keys; a user who never was one has none to revoke.
            api_key::revoke_all(&tx, user.id).await?;
        }
    }
    UserDetail::committed(tx, user, &by).await
}
