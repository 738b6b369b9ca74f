//! Read what a member may use in a quarter.

use super::target::{AllowancePath, AllowanceTarget};
use super::view::CreditAllowance;
use crate::http::{Answer, Error, Human, IfNoneMatch, IfNoneMatchHeader, ReadProblems, Result};
use crate::state::App;
use actix_web::get;
use entity::credit;

/// Read a member's credit allowance for a quarter
///
/// Managers and administrators read everybody's, technicians the members', a member his own. A quarter for which nothing was
/// allowed yet is not found.
#[utoipa::path(
    tag = "credits",
    params(AllowancePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The allowance", body = CreditAllowance),
        (status = NOT_MODIFIED, description = "The allowance is still what If-None-Match names"),
        ReadProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("what a member may use is daily work; an attempt on another's is on record")),
    ),
)]
#[get("/users/{user_id}/credit-allowances/{quarter}")]
pub async fn get_credit_allowance(
    app: App,
    by: Human,
    target: AllowanceTarget,
    _: IfNoneMatch,
) -> Result<Answer<CreditAllowance>> {
    let member = target.member(app.readers(), &by).await?;
    let allowance = credit::of(member.id, target.quarter()?).one(app.readers()).await?.ok_or_else(Error::not_found)?;
    let version = allowance.version;
    Ok(Answer::of(CreditAllowance::read(app.readers(), allowance).await?, version))
}
