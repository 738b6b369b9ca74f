//! The review history: submissions for review and decisions, append-only.

mod step;

pub use step::{ReviewAction, Step};

use crate::audit::{AuditTx, Unaudited, Verb};
use crate::case;
use crate::user::Caller;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, Select};
use std::collections::HashMap;

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

impl Step {
    /// The row of the step; `history` contains the steps of the case so far, newest first.
    pub fn after(self, history: &[Model], id: Uuid) -> Model {
        let is_submission = self.action == ReviewAction::SubmittedForReview;
        let is_decision = ReviewAction::DECISIONS.contains(&self.action);
        let decisions = history.iter().filter(|step| ReviewAction::DECISIONS.contains(&step.review_action)).count();
        let submitted_at = submissions(history).next().map(|step| step.reviewed_at);
        Model {
            id,
            case_id: self.case_id,
            case_number: self.case_number,
            reviewed_at: self.at,
            review_action: self.action,
            reviewer_id: self.reviewer_id,
            original_technician_id: self.original_technician_id,
            notes: self.notes,
            review_cycle: count(submissions(history).count() + usize::from(is_submission)).max(1),
            decision_number: is_decision.then(|| count(decisions + 1)),
            turnaround_seconds: submitted_at.filter(|_| is_decision).map(|submitted_at| (self.at - submitted_at).num_seconds()),
        }
    }
}

/// The cycle that a decision or a resubmission belongs to after these steps.
pub fn cycle(history: &[Model]) -> i32 {
    count(submissions(history).count()).max(1)
}

/// Adds a step to a case's review. It has the instant of the change that it belongs to, not that at which it is written.
pub(crate) async fn record(tx: &AuditTx, step: Step) -> Result<Model, DbErr> {
    let history = history(tx, step.case_id).await?;
    let id = tx.id_at(step.at);
    step.after(&history, id).into_active_model().reset_all().insert(tx).await
}

fn submissions(history: &[Model]) -> impl Iterator<Item = &Model> {
    history.iter().filter(|step| step.review_action == ReviewAction::SubmittedForReview)
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
