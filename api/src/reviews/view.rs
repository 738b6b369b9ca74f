//! The representation of a review step in responses.

use crate::http::{CaseReference, PersonSummary};
use crate::wire::fields::shown::ShownRemark;
use crate::wire::{Instant, Result};
use entity::review::{self, ReviewAction};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A step in the review of a case
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d5",
    "case": {"id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042"},
    "reviewed_at": "2026-11-23T10:15:00.000Z", "review_action": "revisions_requested",
    "reviewer": {"id": "01a20725-be30-7584-bca5-f00e655c90d3", "username": "tech2", "full_name": "Tom Reyes"},
    "original_technician": null,
    "notes": "the second report lacks the pension", "review_cycle": 1
}))]
pub struct CaseReview {
    pub id: Uuid,
    pub case: CaseReference,
    pub reviewed_at: Instant,
    pub review_action: ReviewAction,
    /// The user who performed this step
    pub reviewer: Option<PersonSummary>,
    /// The technician whose work is reviewed
    pub original_technician: Option<PersonSummary>,
    #[schema(value_type = Option<ShownRemark>)]
    pub notes: Option<String>,
    /// Number of the submission for review, starting at 1
    #[schema(minimum = 1)]
    pub review_cycle: i32,
}

crate::list_of! {
    /// A page of review steps
    CaseReviewList = CaseReview
}

impl CaseReview {
    /// Steps with the people they name: one query in addition to the rows' own.
    pub async fn read<C: ConnectionTrait>(db: &C, rows: Vec<review::Model>) -> Result<Vec<Self>> {
        let named = rows.iter().flat_map(|step| [Some(step.reviewer_id), step.original_technician_id]).flatten();
        let people = PersonSummary::by_id(db, named).await?;
        Ok(rows.into_iter().map(|row| Self::new(row, &people)).collect())
    }

    fn new(row: review::Model, people: &HashMap<Uuid, PersonSummary>) -> Self {
        let review::Model {
            id,
            case_id,
            case_number,
            reviewed_at,
            review_action,
            reviewer_id,
            original_technician_id,
            notes,
            review_cycle,
            decision_number: _,
            turnaround_seconds: _,
        } = row;
        Self {
            id,
            case: CaseReference { id: case_id, case_number },
            reviewed_at: reviewed_at.into(),
            review_action,
            reviewer: people.get(&reviewer_id).cloned(),
            original_technician: original_technician_id.and_then(|id| people.get(&id).cloned()),
            notes,
            review_cycle,
        }
    }
}
