//! The review history: submissions for review and decisions, append-only.

use crate::audit::{AuditTx, Unaudited, Verb};
use crate::case;
use crate::user::Caller;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// A step in the review of a case.
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
}

impl case::ReviewStatus {
    /// The corresponding action in the review history.
    pub const fn review_action(self) -> ReviewAction {
        match self {
            Self::Approved => ReviewAction::Approved,
            Self::RevisionsRequested => ReviewAction::RevisionsRequested,
            Self::CorrectionsNeeded => ReviewAction::CorrectionsNeeded,
        }
    }
}

/// One step of a case's review. Ids sort by time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub case_id: Uuid,
    /// The case number at the time of the step.
    pub case_number: String,
    pub reviewed_at: chrono::DateTime<chrono::Utc>,
    pub review_action: ReviewAction,
    /// The user who performed this step.
    pub reviewer_id: Uuid,
    /// The technician whose work was reviewed.
    pub original_technician_id: Option<Uuid>,
    pub notes: Option<String>,
    /// Counts the submissions for review of this case, from 1.
    pub review_cycle: i32,
    /// Counts the decisions on this case, from 1; `None` for the other steps.
    pub decision_number: Option<i32>,
    /// From the submission for review to this decision, in seconds; `None` for the other steps.
    pub turnaround_seconds: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unaudited for Entity {
    const BECAUSE: &'static str = "append-only itself, and its meaning is part of the case's own audit entries";
    const VERBS: &'static [Verb] = &[Verb::Insert];
}

/// Adds a step to a case's review; `history` contains its steps so far, newest first.
pub async fn record(
    tx: &AuditTx,
    case: &case::Model,
    history: &[Model],
    action: ReviewAction,
    by: Uuid,
    notes: Option<&str>,
) -> Result<Model, DbErr> {
    let is = |wanted: ReviewAction| move |step: &&Model| step.review_action == wanted;
    let submissions = history.iter().filter(is(ReviewAction::SubmittedForReview)).count();
    let decisions = history.iter().filter(|step| ReviewAction::DECISIONS.contains(&step.review_action)).count();
    let is_submission = action == ReviewAction::SubmittedForReview;
    let is_decision = ReviewAction::DECISIONS.contains(&action);
    let submitted_at = history.iter().find(is(ReviewAction::SubmittedForReview)).map(|step| step.reviewed_at);
    let step = ActiveModel {
        id: Set(tx.new_id()),
        case_id: Set(case.id),
        case_number: Set(case.case_number.clone()),
        reviewed_at: Set(tx.now()),
        review_action: Set(action),
        reviewer_id: Set(by),
        original_technician_id: Set(case.assigned_to_id),
        notes: Set(notes.map(str::to_owned)),
        review_cycle: Set(count(submissions + usize::from(is_submission)).max(1)),
        decision_number: Set(is_decision.then(|| count(decisions + 1))),
        turnaround_seconds: Set(submitted_at.filter(|_| is_decision).map(|at| (tx.now() - at).num_seconds())),
    };
    step.insert(tx).await
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The latest submission for review of each of these cases.
pub async fn submissions_of<C: ConnectionTrait>(db: &C, cases: &[Uuid]) -> Result<HashMap<Uuid, Model>, DbErr> {
    if cases.is_empty() {
        return Ok(HashMap::new());
    }
    let steps = Entity::find()
        .filter(Column::CaseId.is_in(cases.iter().copied()))
        .filter(Column::ReviewAction.eq(ReviewAction::SubmittedForReview))
        .order_by_asc(Column::Id);
    // If a case has several, the last one remains.
    Ok(steps.all(db).await?.into_iter().map(|step| (step.case_id, step)).collect())
}

/// The decisions on cases that are visible to a caller.
pub fn decisions(caller: &Caller) -> Select<Entity> {
    let is_visible = case::is_among((Entity, Column::CaseId), case::visible_to(caller));
    Entity::find().filter(Column::ReviewAction.is_in(ReviewAction::DECISIONS)).filter(is_visible)
}

/// The steps of a case's review so far, newest first.
pub async fn history<C: ConnectionTrait>(db: &C, case_id: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::CaseId.eq(case_id)).order_by_desc(Column::Id).limit(200).all(db).await
}
