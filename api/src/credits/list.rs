//! List a member's credit allowances.

use super::target::{AllowanceTarget, MemberPath};
use super::view::{CreditAllowance, CreditAllowanceList};
use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, NoParameters, PersonCaller};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::credit::{Column, Entity, Model};
use entity::page::{Direction, Position, SortKey};
use entity::setting;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// List a member's credit allowances
///
/// Latest quarter first. Managers and administrators can read every user's allowances, technicians those of members, members
/// their own.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: user_viewed`, once per reader, user
/// and hour; reading one's own is not.
#[utoipa::path(
    tag = "credits",
    params(MemberPath, Paging),
    responses((status = OK, description = "A page of allowances", body = CreditAllowanceList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/users/{user_id}/credit-allowances")]
pub async fn list_credit_allowances(
    app: App,
    by: PersonCaller,
    target: AllowanceTarget,
    query: ListQuery<NoParameters>,
    request: HttpRequest,
) -> Result<Answer<CreditAllowanceList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let member = target.member(app.readers(), &by).await?;
    let found = Entity::find().filter(Column::MemberId.eq(member.id));
    let latest_first = SortKey::text(Column::Quarter, Column::Id, Direction::Descending);
    let position = |row: &Model| Position { value: Some(row.quarter.clone()), id: row.id };
    let (rows, page) = page.read(app.readers(), found, &latest_first, position).await?;
    app.record_view_of(&by, &member).await?;
    let zone = setting::current(app.readers()).await?.zone()?;
    Ok(Answer::page(CreditAllowanceList { data: CreditAllowance::read_all(app.readers(), rows, zone).await?, page }))
}
