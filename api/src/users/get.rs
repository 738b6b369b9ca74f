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
#[utoipa::path(
    tag = "users",
    params(UserPath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The user", body = UserDetail),
        (status = NOT_MODIFIED, description = "The user still has the version in If-None-Match"),
        LookupProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("reading a visible account is routine; an attempt to read a hidden one is recorded")),
    ),
)]
#[get("/users/{user_id}")]
pub async fn get_user(app: App, by: Anyone, target: UserTarget, _: IfNoneMatch) -> Result<Answer<UserDetail>> {
    let user = target.seen(app.readers(), &by).await?;
    let version = user.version;
    Ok(Answer::new(UserDetail::read(app.readers(), user).await?, version))
}
