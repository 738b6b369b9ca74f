//! Read a user.

use super::UserDetail;
use super::target::{UserPath, UserTarget};
use crate::http::{Answer, Anyone, IfNoneMatch, IfNoneMatchHeader, LookupProblems, Result};
use crate::state::App;
use actix_web::get;

/// Read a user
///
/// Managers and administrators read everybody, technicians the members and themselves, everybody else himself. A deleted user is
/// not found.
#[utoipa::path(
    tag = "users",
    params(UserPath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The user", body = UserDetail),
        (status = NOT_MODIFIED, description = "The user still has the version of If-None-Match"),
        LookupProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("reading an account one may know of is daily work; an attempt on another is on record")),
    ),
)]
#[get("/users/{user_id}")]
pub async fn get_user(app: App, by: Anyone, target: UserTarget, _: IfNoneMatch) -> Result<Answer<UserDetail>> {
    let user = target.seen(app.readers(), &by).await?;
    let version = user.version;
    Ok(Answer::of(UserDetail::read(app.readers(), user).await?, version))
}
