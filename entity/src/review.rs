//! The review history: what was handed in for review and what was decided, append-only.

use crate::audit::Unaudited;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What happened to a case in review.
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

    /// The three decisions a reviewer can make.
    pub const DECISIONS: [Self; 3] = [Self::Approved, Self::RevisionsRequested, Self::CorrectionsNeeded];
}

/// One step of a case's review. Ids order by time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub case_id: Uuid,
    /// As it was called then.
    pub case_number: String,
    pub reviewed_at: chrono::DateTime<chrono::Utc>,
    pub review_action: ReviewAction,
    /// Who did this step.
    pub reviewer_id: Uuid,
    /// Whose work it is about.
    pub original_technician_id: Option<Uuid>,
    pub notes: Option<String>,
    /// Counts the submissions for review of this case, from 1.
    pub review_cycle: i32,
    /// Counts the decisions on this case, from 1; `None` for the other steps.
    pub decision_number: Option<i32>,
    /// From the submission for review to this decision; `None` for the other steps.
    pub turnaround_seconds: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "append-only itself, and its meaning stands in the case's own entries";
}

/// The steps of a case's review so far, the newest first.
pub async fn history<C: ConnectionTrait>(db: &C, case_id: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::CaseId.eq(case_id)).order_by_desc(Column::Id).limit(200).all(db).await
}
