//! An allowance as it is shown: what is allowed, what is used, what is left.

use crate::http::{Instant, Result, credits_text};
use chrono_tz::Tz;
use entity::credit::{self, Quarter};
use entity::setting;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a member may use of credits in a quarter
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d9", "member_id": "01a20725-be30-7584-bca5-f00e655c90d6", "quarter": "2026-Q4",
    "allowed_credits": 100, "used_credits": "12.5", "remaining_credits": "87.5", "notes": "as agreed with the workshop",
    "version": 2, "created_at": "2026-10-01T05:05:00.000Z", "updated_at": "2026-11-22T08:00:00.123Z"
}))]
pub struct CreditAllowance {
    pub id: Uuid,
    pub member_id: Uuid,
    /// Of the calendar, in the zone of the settings: `2026-Q4` is October to December
    #[schema(min_length = 7, max_length = 7, pattern = "^20[0-9]{2}-Q[1-4]$")]
    pub quarter: String,
    /// Whole credits
    #[schema(minimum = 0, maximum = 10000)]
    pub allowed_credits: i32,
    /// The credits of the member's cases that were first handed in in this quarter, as they are now; deleted cases don't count
    #[schema(max_length = 20, pattern = "^[0-9]+[.][05]$")]
    pub used_credits: String,
    /// What is left; below zero where more was used than is allowed
    #[schema(max_length = 20, pattern = "^-?[0-9]+[.][05]$")]
    pub remaining_credits: String,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// Counts the changes; also the `ETag`. What is used doesn't change it
    #[schema(minimum = 1)]
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

crate::list_of! {
    /// Allowances
    CreditAllowanceList = CreditAllowance
}

impl CreditAllowance {
    /// One allowance with what is used of it: two statements beside the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: credit::Model) -> Result<Self> {
        let zone = setting::current(db).await?.zone()?;
        let used = credit::used_tenths(db, row.member_id, &[row.quarter()?], zone).await?;
        Ok(Self::of(row, used.first().copied().unwrap_or_default()))
    }

    /// A member's allowances with what is used of each, in as many statements.
    pub async fn read_all<C: ConnectionTrait>(db: &C, rows: Vec<credit::Model>, zone: Tz) -> Result<Vec<Self>> {
        let Some(member_id) = rows.first().map(|row| row.member_id) else { return Ok(Vec::new()) };
        let quarters = rows.iter().map(credit::Model::quarter).collect::<Result<Vec<Quarter>, DbErr>>()?;
        let used = credit::used_tenths(db, member_id, &quarters, zone).await?;
        Ok(rows.into_iter().zip(used).map(|(row, used)| Self::of(row, used)).collect())
    }

    fn of(row: credit::Model, used_tenths: i64) -> Self {
        let remaining_credits = credits_text(row.remaining_tenths(used_tenths));
        let credit::Model { id, member_id, quarter, allowed_credits, notes, version, created_at, updated_at } = row;
        Self {
            id,
            member_id,
            quarter,
            allowed_credits,
            used_credits: credits_text(used_tenths),
            remaining_credits,
            notes,
            version,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}
