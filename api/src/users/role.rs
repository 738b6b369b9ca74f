//! Change what a user is and how far he may go.

use super::UserDetail;
use super::target::{UserPath, UserTarget};
use crate::http::check::not_blank;
use crate::http::{AccountProblems, Administrator, Answer, Body, IfMatchHeader, Result};
use crate::state::App;
use actix_web::post;
use entity::api_key;
use entity::session;
use entity::user::lifecycle::Rights;
use entity::user::{self, Level, Role, Scope, UserAction, credential};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// What he is to be from now on, and why
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "technician", "user_level": "level_2", "reason": "passed the examination"}))]
pub struct ChangeUserRole {
    role: Role,
    /// Technicians, and only they
    user_level: Option<Level>,
    /// Service accounts, and only they
    #[validate(length(max = 3))]
    #[schema(max_items = 3)]
    scopes: Option<Vec<Scope>>,
    /// Why
    #[validate(length(min = 1, max = 2000), custom(function = "not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = "not_blank")]
    reason: String,
}

/// Change a user's role, level or scopes
///
/// Not one's own, not that of the last active administrator, and not that of a technician who would leave open cases behind. Ends
/// the user's sessions; whoever is no service account any more has no keys. A request that changes nothing leaves no entry and no session ends.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = ChangeUserRole,
    responses((status = OK, description = "The user as he now is", body = UserDetail), AccountProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["user_role_changed"]}))),
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
    let tx = tx.because(&body.reason);
    let (user, standing) = target.locked_with_standing(&tx, &by, UserAction::ChangeRole).await?;
    user.demand_may_become(&rights, &standing)?;
    let before = user.version;
    let user = user::save(&tx, user.change_role(&rights)).await?;
    if user.version != before {
        session::end_all(&tx, user.id).await?;
        if user.role == Role::Service {
            // No person any more, so no password either.
            credential::set(&tx, user.id, None).await?;
        } else {
            // No service account, so no keys; whoever never was one has none.
            api_key::revoke_all(&tx, user.id).await?;
        }
    }
    UserDetail::committed(tx, user, &by).await
}
