//! List a member's credit allowances.

use super::target::{AllowanceTarget, MemberPath};
use super::view::{CreditAllowance, CreditAllowanceList};
use crate::http::request::page::Paging;
use crate::http::{Answer, ListQuery, NoParameters, PersonCaller};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::credit::{Column, Entity};
use entity::page::{self, Direction, Position};
use entity::setting;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

const LIMIT: u64 = 50;

/// List a member's credit allowances
///
/// Latest quarter first. Managers and administrators can read every user's allowances, technicians those of members, members
/// their own.
#[utoipa::path(
    tag = "credits",
    params(MemberPath, Paging),
    responses((status = OK, description = "A page of allowances", body = CreditAllowanceList), ReadProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("reading allowances is routine work; exports of allowances are audited")),
    ),
)]
#[get("/users/{user_id}/credit-allowances")]
pub async fn list_credit_allowances(
    app: App,
    by: PersonCaller,
    target: AllowanceTarget,
    query: ListQuery<NoParameters>,
    request: HttpRequest,
) -> Result<Answer<CreditAllowanceList>> {
    let page = query.paging.page_request(&request, &app, &by, LIMIT)?;
    let member = target.member(app.readers(), &by).await?;
    let found = Entity::find().filter(Column::MemberId.eq(member.id));
    let total = if page.include_total { Some(found.clone().count(app.readers()).await?) } else { None };
    let beyond = page
        .after
        .as_ref()
        .map(|last| page::after(Column::Quarter, last.value.clone().into(), Column::Id, last, Direction::Descending));
    let found = found.filter(Condition::all().add_option(beyond)).order_by_desc(Column::Quarter).order_by_desc(Column::Id);
    let mut rows = found.limit(page.fetch()).all(app.readers()).await?;
    let info = page.cut(&mut rows, total, |row| Position { value: Some(row.quarter.clone()), id: row.id });
    let zone = setting::current(app.readers()).await?.zone()?;
    Ok(Answer::plain(CreditAllowanceList { data: CreditAllowance::read_all(app.readers(), rows, zone).await?, page: info }))
}
