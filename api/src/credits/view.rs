//! The representation of an allowance in responses: allowed, used and remaining credits.

use crate::wire::fields::shown::ShownRemark;
use crate::wire::fields::{QuarterName, WholeCredits};
use crate::wire::{Instant, Result, credits_text};
use chrono_tz::Tz;
use entity::credit::{self, Quarter};
use entity::setting;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A member's credit allowance for a quarter
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "member_id": "01a20725-be30-7584-bca5-f00e655c90d6", "quarter": "2026-Q4",
    "allowed_credits": 100, "used_credits": "12.5", "remaining_credits": "87.5", "notes": "as agreed with the workshop",
    "version": 2, "created_at": "2026-10-01T05:05:00.000Z", "updated_at": "2026-11-22T08:00:00.123Z"
}))]
pub struct CreditAllowance {
    pub id: Uuid,
    pub member_id: Uuid,
    /// A calendar quarter in the configured time zone: `2026-Q4` is October to December
    pub quarter: QuarterName,
    /// Whole credits
    pub allowed_credits: WholeCredits,
    /// Current credit values of the member's cases that were first submitted in this quarter; deleted cases do not count
    #[schema(max_length = 20, pattern = "^[0-9]+[.][05]$")]
    pub used_credits: String,
    /// Remaining credits; negative if more was used than allowed
    #[schema(max_length = 20, pattern = "^-?[0-9]+[.][05]$")]
    pub remaining_credits: String,
    #[schema(value_type = Option<ShownRemark>)]
    pub notes: Option<String>,
    /// Incremented with every change; also the `ETag`. Using credits does not change it
    #[schema(minimum = 1)]
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

crate::list_of! {
    /// A page of credit allowances
    CreditAllowanceList = CreditAllowance
}

impl CreditAllowance {
    /// An allowance with its used credits: two queries in addition to the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: credit::Model) -> Result<Self> {
        let zone = setting::current(db).await?.zone()?;
        let used = credit::used_tenths(db, row.member_id, &[row.quarter()?], zone).await?;
        Ok(Self::new(row, used.first().copied().unwrap_or_default()))
    }

    /// A member's allowances with the used credits of each, in the same number of queries.
    pub async fn read_all<C: ConnectionTrait>(db: &C, rows: Vec<credit::Model>, zone: Tz) -> Result<Vec<Self>> {
        let Some(member_id) = rows.first().map(|row| row.member_id) else { return Ok(Vec::new()) };
        let quarters = rows.iter().map(credit::Model::quarter).collect::<Result<Vec<Quarter>, DbErr>>()?;
        let used = credit::used_tenths(db, member_id, &quarters, zone).await?;
        Ok(rows.into_iter().zip(used).map(|(row, used)| Self::new(row, used)).collect())
    }

    fn new(row: credit::Model, used_tenths: i64) -> Self {
        let remaining_credits = credits_text(row.remaining_tenths(used_tenths));
        let credit::Model { id, member_id, quarter, allowed_credits, notes, version, created_at, updated_at } = row;
        Self {
            id,
            member_id,
            quarter: quarter.into(),
            allowed_credits: allowed_credits.into(),
            used_credits: credits_text(used_tenths),
            remaining_credits,
            notes,
            version,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}
