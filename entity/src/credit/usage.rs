//! Computes how much of their credits members have used.

use super::Quarter;
use crate::case::{self, Column};
use chrono_tz::Tz;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{Condition, QuerySelect, QueryTrait};
use std::collections::{HashMap, HashSet};

/// What a member's cases use of several quarters, in tenths of a credit, in one statement.
///
/// A case counts once, in the quarter in which it was first submitted, with the credit it has now, whatever its status; deleted
/// cases don't count.
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

/// What is used of each of several allowances, of any members: one statement per quarter among them. It counts as `used_tenths`
/// does.
pub async fn used_of_each<C: ConnectionTrait>(db: &C, rows: &[super::Model], zone: Tz) -> Result<Vec<i64>, DbErr> {
    let quarters = rows.iter().map(super::Model::quarter).collect::<Result<Vec<Quarter>, DbErr>>()?;
    let mut used = HashMap::new();
    for quarter in quarters.iter().copied().collect::<HashSet<_>>() {
        let members = rows.iter().zip(&quarters).filter(|(_, of)| **of == quarter).map(|(row, _)| row.member_id);
        let (start, end) = quarter.period(zone);
        let cases = case::Entity::find().select_only().column(Column::MemberId).column_as(Column::CreditTenths.sum(), "used");
        let cases = cases.filter(Column::MemberId.is_in(members)).filter(Column::DeletedAt.is_null());
        let cases = cases.filter(Column::SubmittedAt.gte(start)).filter(Column::SubmittedAt.lt(end)).group_by(Column::MemberId);
        for (member_id, tenths) in cases.into_tuple::<(Uuid, i64)>().all(db).await? {
            used.insert((member_id, quarter), tenths);
        }
    }
    let of = |(row, quarter): (&super::Model, Quarter)| used.get(&(row.member_id, quarter)).copied().unwrap_or_default();
    Ok(rows.iter().zip(quarters).map(of).collect())
}
