//! Enumerations that describe a case.

use crate::db::stored_as_text;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

stored_as_text! { CaseStatus, Tier, Urgency, ReviewStatus, RejectionReason }

/// The status of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(24))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum CaseStatus {
    Draft,
    Submitted,
    Accepted,
    Hold,
    PendingReview,
    NeedsResubmission,
    Resubmitted,
    Completed,
}

impl CaseStatus {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Accepted => "accepted",
            Self::Hold => "hold",
            Self::PendingReview => "pending_review",
            Self::NeedsResubmission => "needs_resubmission",
            Self::Resubmitted => "resubmitted",
            Self::Completed => "completed",
        }
    }

    /// Whether work on the case is not finished.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Completed)
    }

    /// Whether the case is late once its due date has passed. A draft was not handed in yet.
    pub const fn can_be_overdue(self) -> bool {
        self.is_open() && !matches!(self, Self::Draft)
    }
}

/// The difficulty of a case; tiers are ordered by difficulty.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    #[sea_orm(string_value = "tier_1")]
    #[serde(rename = "tier_1")]
    One,
    #[sea_orm(string_value = "tier_2")]
    #[serde(rename = "tier_2")]
    Two,
    #[sea_orm(string_value = "tier_3")]
    #[serde(rename = "tier_3")]
    Three,
}

impl Tier {
    pub const fn code(self) -> &'static str {
        match self {
            Self::One => "tier_1",
            Self::Two => "tier_2",
            Self::Three => "tier_3",
        }
    }

    pub const fn complexity(self) -> Complexity {
        match self {
            Self::One => Complexity::Simple,
            Self::Two => Complexity::Moderate,
            Self::Three => Complexity::Complex,
        }
    }

    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

/// The complexity that follows from a case's tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseComplexity)]
pub enum Complexity {
    Simple,
    Moderate,
    Complex,
}

impl Complexity {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Moderate => "moderate",
            Self::Complex => "complex",
        }
    }
}

/// Whether a case is to be handled with priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(8))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Normal,
    Rush,
}

impl Urgency {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Rush => "rush",
        }
    }

    /// The fee for a rush case, in dollars.
    pub const fn rush_fee(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::Rush => 20,
        }
    }
}

/// The result of the last review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(24))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    Approved,
    RevisionsRequested,
    CorrectionsNeeded,
}

/// Why a case was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RejectionReason {
    IncompleteFff,
    MissingDocuments,
    InsufficientData,
    InvalidCreditRequest,
    TierMismatch,
    Other,
}

impl RejectionReason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::IncompleteFff => "incomplete_fff",
            Self::MissingDocuments => "missing_documents",
            Self::InsufficientData => "insufficient_data",
            Self::InvalidCreditRequest => "invalid_credit_request",
            Self::TierMismatch => "tier_mismatch",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::{ActiveEnum, Iterable};

    #[test]
    fn each_value_has_the_same_code_in_the_database_and_in_json() {
        for status in CaseStatus::iter() {
            assert_eq!((status.to_value().as_str(), serde_json::json!(status)), (status.code(), status.code().into()));
        }
        for tier in Tier::iter() {
            assert_eq!((tier.to_value().as_str(), serde_json::json!(tier)), (tier.code(), tier.code().into()));
            assert_eq!(serde_json::json!(tier.complexity()), tier.complexity().code());
        }
        for reason in RejectionReason::iter() {
            assert_eq!((reason.to_value().as_str(), serde_json::json!(reason)), (reason.code(), reason.code().into()));
        }
    }
}
