//! How much of his credits a member has used.

use super::Quarter;
use crate::case::{self, Column};
use chrono_tz::Tz;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{Condition, QuerySelect, QueryTrait};

/// What a member's cases use of some quarters, in tenths of a credit and one statement.
///
/// A case counts once, in the quarter in which it was first handed in, with the credit it has now, whatever has become of it; one
/// that was deleted doesn't.
pub async fn used_tenths<C: ConnectionTrait>(db: &C, member_id: Uuid, quarters: &[Quarter], zone: Tz) -> Result<Vec<i64>, DbErr> {
    if quarters.is_empty() {
        return Ok(Vec::new());
    }
    let within = |quarter: &Quarter| {
        let (start, end) = quarter.period(zone);
        Condition::all().add(Column::SubmittedAt.gte(start)).add(Column::SubmittedAt.lt(end))
    };
    let sums = quarters.iter().enumerate().map(|(number, quarter)| {
        let credit: Expr = Expr::case(within(quarter), Expr::col(Column::CreditTenths)).into();
        (credit.sum(), format!("used_{number}"))
    });
    let cases = case::Entity::find().select_only().filter(Column::MemberId.eq(member_id)).filter(Column::DeletedAt.is_null());
    let cases = sums.fold(cases, |cases, (sum, name)| cases.column_as(sum, name));
    let row = db.query_one(&cases.into_query()).await?.ok_or_else(|| DbErr::RecordNotFound("a sum".to_owned()))?;
    let used = |number: usize| Ok(row.try_get_by_index::<Option<i64>>(number)?.unwrap_or_default());
    (0..quarters.len()).map(used).collect()
}
