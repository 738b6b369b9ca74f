//! List users.

use super::UserSummary;
use super::view::UserList;
use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, Staff};
use crate::state::App;
use crate::wire::fields::{Id, UpTo, UserSearchText, at_most_all};
use crate::wire::{Error, ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::db::{any_of, padded};
use entity::page::{Direction, Position, SortKey};
use entity::user::{self, Column, Level, Model, Role};
use sea_orm::{ColumnTrait, Condition, DbBackend, QueryFilter};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// How many users can be requested by their ids.
const IDS_MAX: u64 = 100;
type Ids = UpTo<Id, IDS_MAX>;

/// Filters for the list of users
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Users with any of these ids
    #[serde(default)]
    #[validate(length(max = IDS_MAX))]
    #[param(
        inline,
        required = false,
        value_type = Ids,
        example = json!(["01a20725-be30-7584-bca5-f00e655c90d2"])
    )]
    id: Vec<Uuid>,
    /// Users with any of these roles
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    #[param(nullable = false)]
    role: Vec<Role>,
    /// Technicians with any of these levels
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    #[param(nullable = false)]
    user_level: Vec<Level>,
    /// Whether the users are active
    #[param(nullable = false)]
    is_active: Option<bool>,
    /// Whether to include deleted users; managers and administrators only
    #[param(nullable = false)]
    include_deleted: Option<bool>,
    /// Text contained in the username, a name or the email address; case-insensitive
    #[validate(nested)]
    #[param(inline, nullable = false, example = "chen")]
    q: Option<UserSearchText>,
    /// Sort order; defaults to `username`
    #[param(nullable = false)]
    sort: Option<UserSort>,
}

/// Sort order of users
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub enum UserSort {
    #[serde(rename = "username")]
    Username,
    #[serde(rename = "-username")]
    UsernameDescending,
    #[serde(rename = "created_at")]
    CreatedAt,
    #[serde(rename = "-created_at")]
    CreatedAtDescending,
}

/// List users
///
/// Managers and administrators see all users, technicians see members and themselves. With `id`, those of the users whom the
/// caller sees.
#[utoipa::path(
    tag = "users",
    params(UserFilter, Paging),
    responses((status = OK, description = "A page of users", body = UserList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("looking up a colleague or a member is routine; exports of users are recorded")),
    ),
)]
#[get("/users")]
pub async fn list_users(app: App, by: Staff, request: HttpRequest, query: ListQuery<UserFilter>) -> Result<Answer<UserList>> {
    let filter = &query.filter;
    let with_deleted = filter.include_deleted.unwrap_or(false);
    if with_deleted && by.role() == Role::Technician {
        return Err(Error::forbidden());
    }
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let visible = if with_deleted { user::ever_visible_to(&by) } else { user::visible_to(&by) };
    let matching = visible.filter(filter.condition(app.readers().backend()));
    let sort = filter.sort.unwrap_or(UserSort::Username);
    let (rows, page) = page.read(app.readers(), matching, &sort.key(), |row| sort.position(row)).await?;
    Ok(Answer::page(UserList { data: UserSummary::read(app.readers(), rows).await?, page }))
}

impl UserFilter {
    fn condition(&self, backend: DbBackend) -> Condition {
        let ids = any_of(Column::Id, padded(self.id.iter().copied()));
        let role = any_of(Column::Role, self.role.iter().copied());
        let level = any_of(Column::UserLevel, self.user_level.iter().copied());
        let active = self.is_active.map(|is_active| Column::IsActive.eq(is_active));
        let text = self.q.as_deref().map(|q| user::mentioning(q, backend));
        Condition::all().add_option(ids).add_option(role).add_option(level).add_option(active).add_option(text)
    }
}

impl UserSort {
    fn key(self) -> SortKey {
        match self {
            Self::Username => SortKey::text(Column::Username, Column::Id, Direction::Ascending),
            Self::UsernameDescending => SortKey::text(Column::Username, Column::Id, Direction::Descending),
            Self::CreatedAt => SortKey::id(Column::Id, Direction::Ascending),
            Self::CreatedAtDescending => SortKey::id(Column::Id, Direction::Descending),
        }
    }

    fn position(self, row: &Model) -> Position {
        match self {
            Self::Username | Self::UsernameDescending => Position { value: Some(row.username.clone()), id: row.id },
            Self::CreatedAt | Self::CreatedAtDescending => row.id.into(),
        }
    }
}
