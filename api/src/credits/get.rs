//! Get a member's credit allowance for a quarter.

use super::target::{AllowancePath, AllowanceTarget};
use super::view::CreditAllowance;
use crate::http::{Answer, IfNoneMatch, IfNoneMatchHeader, PersonCaller};
use crate::state::App;
use crate::wire::{Error, ReadProblems, Result};
use actix_web::get;
use entity::credit;

/// Get a member's credit allowance for a quarter
///
/// Managers and administrators can read every user's allowances, technicians those of members, members their own. Returns 404 for
/// a quarter without an allowance.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: user_viewed`, once per reader, user
/// and hour; reading one's own is not.
#[utoipa::path(
    tag = "credits",
    params(AllowancePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The allowance", body = CreditAllowance),
        (status = NOT_MODIFIED, description = "The allowance still has the version named by If-None-Match"),
        ReadProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/users/{user_id}/credit-allowances/{quarter}")]
pub async fn get_credit_allowance(
    app: App,
    by: PersonCaller,
    target: AllowanceTarget,
    _: IfNoneMatch,
) -> Result<Answer<CreditAllowance>> {
    let member = target.member(app.readers(), &by).await?;
    let allowance =
        credit::find_allowance(member.id, target.quarter()?).one(app.readers()).await?.ok_or_else(Error::not_found)?;
    app.record_view_of(&by, &member).await?;
    let version = allowance.version;
    Ok(Answer::new(CreditAllowance::read(app.readers(), allowance).await?, version))
}
