//! Set a member's credit allowance for a quarter.

use super::target::{AllowancePath, AllowanceTarget};
use super::view::CreditAllowance;
use crate::http::{Administrator, Answer, Body, IfMatchHeader, Result};
use crate::state::App;
use crate::wire::fields::{Remark, WholeCredits};
use crate::wire::{AccountProblems, json};
use actix_web::put;
use entity::credit;
use entity::user::{Role, UserRefusal};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Request body for setting a member's credit allowance for a quarter
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allowed_credits": 120, "notes": "twenty more for the new office"}))]
pub struct SetCreditAllowance {
    /// Whole credits
    #[validate(nested)]
    allowed_credits: WholeCredits,
    /// Notes about the allowance; none if absent
    #[serde(default, deserialize_with = "json::optional")]
    #[validate(nested)]
    notes: Option<Remark>,
}

/// Set a member's credit allowance for a quarter
///
/// Replaces the member's allowance for the quarter, or creates it (201). Used credits are derived and do not change. Setting the
/// current value changes nothing and writes no audit entry.
#[utoipa::path(
    tag = "credits",
    params(AllowancePath, IfMatchHeader),
    request_body = SetCreditAllowance,
    responses(
        (status = OK, description = "The allowance in its current state", body = CreditAllowance),
        (status = CREATED, description = "The quarter's first allowance", body = CreditAllowance),
        AccountProblems,
    ),
    extensions(("x-audit-actions" = json!({
        "always": [], "may": ["quarterly_credit_reset"], "denied": entity::audit::Action::QuarterlyCreditReset,
    }))),
)]
#[put("/users/{user_id}/credit-allowances/{quarter}")]
pub async fn set_credit_allowance(
    app: App,
    by: Administrator,
    target: AllowanceTarget,
    body: Body<SetCreditAllowance>,
) -> Result<Answer<CreditAllowance>> {
    let SetCreditAllowance { allowed_credits, notes } = body.0;
    let (allowed_credits, notes) = (allowed_credits.get(), notes.map(String::from));
    let (tx, by) = app.begin(&by).await?;
    let (member, allowance) = target.locked(&tx, &by).await?;
    if member.role != Role::Member {
        return Err(UserRefusal::NotAMember.into());
    }
    let is_new = allowance.is_none();
    let allowance = tx
        .save(match allowance {
            Some(allowance) => allowance.replace(allowed_credits, notes),
            None => credit::first(tx.new_id(), member.id, target.quarter()?, allowed_credits, notes),
        })
        .await?;
    let place = format!("/api/v1/users/{}/credit-allowances/{}", allowance.member_id, allowance.quarter);
    let version = allowance.version;
    let answer = Answer::new(CreditAllowance::read(&tx, allowance).await?, version);
    let answer = if is_new { answer.created(place) } else { answer };
    answer.committed(tx, &by).await
}
