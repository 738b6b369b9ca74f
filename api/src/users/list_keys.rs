//! List a service account's keys.

use super::key_view::{ApiKeyDetail, ApiKeyList};
use super::target::{UserPath, UserTarget};
use crate::http::request::page::Paging;
use crate::http::{Administrator, Answer, ListQuery, NoParameters};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::api_key::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// List the API keys of a service account
///
/// Newest first, including expired and revoked keys; the keys themselves are never shown. Other users have none.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: user_viewed`, once per reader, user
/// and hour; reading one's own is not.
#[utoipa::path(
    tag = "users",
    params(UserPath, Paging),
    responses((status = OK, description = "A page of API keys", body = ApiKeyList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/users/{user_id}/api-keys")]
pub async fn list_user_api_keys(
    app: App,
    by: Administrator,
    target: UserTarget,
    query: ListQuery<NoParameters>,
    request: HttpRequest,
) -> Result<Answer<ApiKeyList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let user = target.seen(app.readers(), &by).await?;
    let found = Entity::find().filter(Column::UserId.eq(user.id));
    let (rows, page) = page.read_newest(app.readers(), found, Column::Id, |row| row.id).await?;
    app.record_view_of(&by, &user).await?;
    Ok(Answer::page(ApiKeyList { data: rows.into_iter().map(ApiKeyDetail::new).collect(), page }))
}
