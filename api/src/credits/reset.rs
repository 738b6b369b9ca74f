//! Set the credit allowance of all active members at once.

use crate::http::{Administrator, Answer, Body, Result};
use crate::state::App;
use crate::wire::ActionProblems;
use crate::wire::fields::{QuarterName, WholeCredits};
use actix_web::post;
use entity::credit::{self, ResetType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

/// Request body for setting the credit allowance of all active members
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quarter": "2026-Q4", "new_allowance": 100}))]
pub struct ResetCredits {
    /// A calendar quarter in the configured time zone
    quarter: QuarterName,
    /// Whole credits
    #[validate(nested)]
    new_allowance: WholeCredits,
}

/// The result of a credit reset for all active members
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "batch_id": "01a20725-be30-7584-bca5-f00e655c90d6", "quarter": "2026-Q4", "new_allowance": 100, "member_count": 80,
    "created_count": 2, "changed_count": 70, "unchanged_count": 8
}))]
pub struct CreditReset {
    /// Included in the metadata of each of its audit entries
    pub batch_id: Uuid,
    pub quarter: QuarterName,
    pub new_allowance: WholeCredits,
    /// Number of active members; each has an audit entry
    #[schema(minimum = 0)]
    pub member_count: usize,
    /// Number of members that had no allowance for the quarter before
    #[schema(minimum = 0)]
    pub created_count: usize,
    /// Number of members that had a different allowance before
    #[schema(minimum = 0)]
    pub changed_count: usize,
    /// Number of members that had the same allowance before; their allowances keep their versions
    #[schema(minimum = 0)]
    pub unchanged_count: usize,
}

/// Set every active member's allowance for a quarter
///
/// All changes are made in one transaction. Writes one `quarterly_credit_reset` per member, including members whose allowance
/// does not change, and one `bulk_credit_reset`; all of them contain the `batch_id`. Notes are not changed.
#[utoipa::path(
    tag = "credits",
    request_body = ResetCredits,
    responses((status = OK, description = "The result of the reset", body = CreditReset), ActionProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["bulk_credit_reset"], "may": ["quarterly_credit_reset"], "denied": entity::audit::Action::BulkCreditReset,
    }))),
)]
#[post("/credit-resets")]
pub async fn reset_credits(app: App, by: Administrator, body: Body<ResetCredits>) -> Result<Answer<CreditReset>> {
    let ResetCredits { quarter, new_allowance } = body.0;
    let period = quarter.parse()?;
    let (tx, by, _turn) = app.begin_reset(&by).await?;
    let done = credit::reset_all(&tx, period, new_allowance.get(), ResetType::Bulk).await?;
    let credit::Reset { batch_id, member_count, created_count, unchanged_count } = done;
    let changed_count = member_count.saturating_sub(created_count + unchanged_count);
    let view = CreditReset { batch_id, quarter, new_allowance, member_count, created_count, changed_count, unchanged_count };
    Answer::plain(view).committed(tx, &by).await
}
