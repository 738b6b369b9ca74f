//! Read a user.

use super::target::{UserPath, UserTarget};
use crate::http::{Answer, Anyone, IfNoneMatch, IfNoneMatchHeader, UserDetail};
use crate::state::App;
use crate::wire::{LookupProblems, Result};
use actix_web::get;

/// Get a user
///
/// Managers and administrators can read all users, technicians members and themselves, all other roles only themselves. A deleted
/// user returns 404.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: user_viewed`, once per reader, user
/// and hour; reading one's own account is not.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The user", body = UserDetail),
        (status = NOT_MODIFIED, description = "The user still has the version in If-None-Match"),
        LookupProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/users/{user_id}")]
pub async fn get_user(app: App, by: Anyone, target: UserTarget, _: IfNoneMatch) -> Result<Answer<UserDetail>> {
    let user = target.seen(app.readers(), &by).await?;
    let version = user.version;
    app.record_view_of(&by, &user).await?;
    let view = UserDetail::read(app.readers(), user).await?;
    Ok(Answer::new(view, version))
}
