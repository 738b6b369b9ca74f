//! List the users to whom a case can be given.

use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, PathId, Staff};
use crate::state::App;
use crate::wire::fields::UserSearchText;
use crate::wire::fields::shown::{FullName, ShownUsername};
use crate::wire::{Error, ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::case::{self, CaseAction, Circumstances, Tier};
use entity::page::{Direction, Position, SortKey};
use entity::user::{self, Column, Level, Role};
use sea_orm::{Condition, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// Filters for the users to whom a case can be given
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct AssigneeFilter {
    /// The tier that the case is going to have, such as that of an acceptance; defaults to its current tier
    #[param(nullable = false)]
    tier: Option<Tier>,
    /// Text contained in the username, a name or the email address; case-insensitive
    #[validate(nested)]
    #[param(inline, nullable = false, example = "reyes")]
    q: Option<UserSearchText>,
}

/// A user to whom a case can be given
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes", "role": "technician",
    "user_level": "level_2", "open_cases": 7
}))]
pub struct CaseAssignee {
    pub id: Uuid,
    #[schema(value_type = ShownUsername)]
    pub username: String,
    #[schema(value_type = FullName)]
    pub full_name: String,
    pub role: Role,
    /// Technicians only
    pub user_level: Option<Level>,
    /// How many cases are assigned to the user that are neither completed nor deleted
    #[schema(minimum = 0)]
    pub open_cases: u64,
}

crate::list_of! {
    /// A page of users to whom a case can be given, by username
    CaseAssigneeList = CaseAssignee
}

/// List the users to whom a case can be given
///
/// For a caller who may assign the case, or accept it now: active technicians whose level suffices for its tier, managers and
/// administrators, by username. An administrator can override the level rule and assign the case to a technician who is not
/// listed.
#[utoipa::path(
    tag = "cases",
    params(("case_id" = Uuid, Path, description = "The case"), AssigneeFilter, Paging),
    responses((status = OK, description = "A page of users", body = CaseAssigneeList), ReadProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("looking for an assignee is routine; the assignment is recorded")),
    ),
)]
#[get("/cases/{case_id}/assignees")]
pub async fn list_case_assignees(
    app: App,
    by: Staff,
    id: PathId,
    request: HttpRequest,
    query: ListQuery<AssigneeFilter>,
) -> Result<Answer<CaseAssigneeList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let id = id.get()?;
    let case = case::seen(app.readers(), id, &by).await?;
    let accepts = CaseAction::Accept.ensure_open(&by, &case, &Circumstances::at(app.now())).is_ok();
    if !accepts && !CaseAction::Assign.permits(&by, &case) {
        return Err(Error::forbidden());
    }
    let text = query.filter.q.as_deref().map(|q| user::mentioning(q, app.readers().backend()));
    let found = case.assignable(query.filter.tier.or(case.tier)).filter(Condition::all().add_option(text));
    let by_username = SortKey::text(Column::Username, Column::Id, Direction::Ascending);
    let position = |row: &user::Model| Position { value: Some(row.username.clone()), id: row.id };
    let (rows, page) = page.read(app.readers(), found, &by_username, position).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let open_cases = case::open_cases_of_each(app.readers(), &ids).await?;
    let assignee = |row: user::Model| CaseAssignee {
        id: row.id,
        full_name: row.full_name(),
        username: row.username,
        role: row.role,
        user_level: row.user_level,
        open_cases: open_cases.get(&row.id).copied().unwrap_or_default(),
    };
    Ok(Answer::page(CaseAssigneeList { data: rows.into_iter().map(assignee).collect(), page }))
}
