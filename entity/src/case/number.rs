//! Allocates case numbers from one counter row per prefix, so that they are unique under concurrency.

use crate::audit::{AuditTx, Unaudited};
use chrono::{Datelike, NaiveDate};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub prefix: String,
    pub last_number: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const REASON: &'static str = "a counter; the allocated number is part of the entry case_created";
}

/// Allocates the next number for a workshop and month. A transaction that is rolled back may leave a gap.
pub async fn next(tx: &AuditTx, workshop_code: &str, today: NaiveDate) -> Result<String, DbErr> {
    let prefix = prefix(workshop_code, today);
    let count_up =
        OnConflict::column(Column::Prefix).value(Column::LastNumber, Expr::col((Entity, Column::LastNumber)).add(1)).to_owned();
    let first = ActiveModel { prefix: Set(prefix.clone()), last_number: Set(1) };
    #[expect(clippy::disallowed_methods, reason = "an unaudited counter; the single statement makes it unique")]
    let row = Entity::insert(first).on_conflict(count_up).exec_with_returning(tx).await?;
    Ok(format!("{prefix}{:04}", row.last_number))
}

/// `WS`, the first three consecutive digits of the workshop code (else `000`), year and month.
pub fn prefix(workshop_code: &str, today: NaiveDate) -> String {
    let codes: Vec<char> = workshop_code.chars().collect();
    let digits = codes.windows(3).find(|three| three.iter().all(char::is_ascii_digit));
    let digits: String = digits.map_or_else(|| "000".to_owned(), |three| three.iter().collect());
    format!("WS{digits}-{:04}-{:02}-", today.year(), today.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_holds_the_first_three_consecutive_digits() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        for (code, expected) in [("WS001", "001"), ("A12B345", "345"), ("X1234", "123"), ("ABC", "000"), ("A1B2C3", "000")] {
            assert_eq!(prefix(code, day), format!("WS{expected}-2026-03-"), "{code}");
        }
    }
}
