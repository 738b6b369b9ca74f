//! The steps of a review: what they are called, and what is known of one before it is added.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A step in the review of a case: its first submission for review is `submitted_for_review`, each later one `resubmitted`; the
/// others are decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(24))", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ReviewAction {
    SubmittedForReview,
    Approved,
    RevisionsRequested,
    CorrectionsNeeded,
    Resubmitted,
}

impl ReviewAction {
    pub const fn code(self) -> &'static str {
        match self {
            Self::SubmittedForReview => "submitted_for_review",
            Self::Approved => "approved",
            Self::RevisionsRequested => "revisions_requested",
            Self::CorrectionsNeeded => "corrections_needed",
            Self::Resubmitted => "resubmitted",
        }
    }

    /// The three decisions that a reviewer can make.
    pub const DECISIONS: [Self; 3] = [Self::Approved, Self::RevisionsRequested, Self::CorrectionsNeeded];
    /// The submissions for review.
    pub const SUBMISSIONS: [Self; 2] = [Self::SubmittedForReview, Self::Resubmitted];

    /// The submission for review with which a cycle begins; the first cycle if none is named.
    pub fn beginning(cycle: Option<i64>) -> Self {
        if cycle.is_some_and(|cycle| cycle > 1) { Self::Resubmitted } else { Self::SubmittedForReview }
    }
}

/// A step to be added to the review of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub case_id: Uuid,
    pub case_number: String,
    /// The instant of the change that the step belongs to, which is also that of its entry.
    pub at: chrono::DateTime<chrono::Utc>,
    pub action: ReviewAction,
    /// The user who performs this step.
    pub reviewer_id: Uuid,
    /// The technician whose work is reviewed.
    pub original_technician_id: Option<Uuid>,
    pub notes: Option<String>,
}
