//! Take somebody's access away, for a while.

use super::UserDetail;
use super::target::{UserPath, UserTarget};
use crate::http::check::not_blank;
use crate::http::{AccountKeeper, AccountProblems, Answer, Body, IfMatchHeader, Result};
use crate::state::App;
use actix_web::post;
use entity::session;
use entity::user::{self, UserAction};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Why somebody may not come in any more
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "on leave until March"}))]
pub struct DeactivateUser {
    /// Why
    #[validate(length(min = 1, max = 2000), custom(function = "not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = "not_blank")]
    reason: String,
}

/// Deactivate a user
///
/// Not oneself, not the last active administrator, and nobody who would leave open cases behind; a technician only members. Ends
/// the user's sessions. Doing it again changes nothing and leaves no entry.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body = DeactivateUser,
    responses((status = OK, description = "The user as he now is", body = UserDetail), AccountProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["user_updated"]}))),
)]
#[post("/users/{user_id}/deactivate")]
pub async fn deactivate_user(
    app: App,
    by: AccountKeeper,
    target: UserTarget,
    body: Body<DeactivateUser>,
) -> Result<Answer<UserDetail>> {
    let (tx, by) = app.begin_over(&by, target.names()).await?;
    let tx = tx.because(&body.reason);
    let (user, standing) = target.locked_with_standing(&tx, &by, UserAction::Deactivate).await?;
    standing.demand_another()?;
    if user.is_active {
        user.demand_may_leave(&standing)?;
        session::end_all(&tx, user.id).await?;
    }
    let user = user::save(&tx, user.activate(false)).await?;
    UserDetail::committed(tx, user, &by).await
}
