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
    const REASON: &'static str = "append-only itself, and its meaning is part of the case's own audit entries";
    const VERBS: &'static [Verb] = &[Verb::Insert];
}

impl Step {
    /// The row of the step; `history` contains the steps of the case so far, newest first.
    pub fn after(self, history: &[Model], id: Uuid) -> Model {
        let is_submission = ReviewAction::SUBMISSIONS.contains(&self.action);
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
            review_cycle: if is_submission { next_cycle(history) } else { cycle(history) },
            decision_number: is_decision.then(|| count(decisions + 1)),
            turnaround_seconds: submitted_at.filter(|_| is_decision).map(|submitted_at| (self.at - submitted_at).num_seconds()),
        }
    }
}

/// The cycle that a decision belongs to after these steps.
pub fn cycle(history: &[Model]) -> i32 {
    last_cycle(history).max(1)
}

/// The cycle that a submission for review begins after these steps.
pub fn next_cycle(history: &[Model]) -> i32 {
    last_cycle(history).saturating_add(1)
}

fn last_cycle(history: &[Model]) -> i32 {
    submissions(history).map(|step| step.review_cycle).max().unwrap_or(0)
}

/// Adds a step to a case's review. It has the instant of the change that it belongs to, not that at which it is written.
pub(crate) async fn record(tx: &AuditTx, step: Step) -> Result<Model, DbErr> {
    let history = history(tx, step.case_id).await?;
    let id = tx.id_at(step.at);
    step.after(&history, id).into_active_model().reset_all().insert(tx).await
}

/// Version 0.1.0 called a member's resubmission `resubmitted`, and gave it the cycle of the last submission for review, or the
/// first. Such a step is no submission in the first cycle; in a later one it repeats a number, and a decision never follows it.
fn submissions(history: &[Model]) -> impl Iterator<Item = &Model> {
    history.iter().filter(|step| match step.review_action {
        ReviewAction::SubmittedForReview => true,
        ReviewAction::Resubmitted => step.review_cycle > 1,
        ReviewAction::Approved | ReviewAction::RevisionsRequested | ReviewAction::CorrectionsNeeded => false,
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The latest submission for review of each of these cases, which are pending review.
pub async fn submissions_of<C: ConnectionTrait>(db: &C, cases: &[Uuid]) -> Result<HashMap<Uuid, Model>, DbErr> {
    if cases.is_empty() {
        return Ok(HashMap::new());
    }
    let steps = Entity::find()
        .filter(Column::CaseId.is_in(cases.iter().copied()))
        .filter(Column::ReviewAction.is_in(ReviewAction::SUBMISSIONS))
        .order_by_asc(Column::Id);
    // If a case has several, the last one remains.
    Ok(steps.all(db).await?.into_iter().map(|step| (step.case_id, step)).collect())
}

/// The decisions on cases that are visible to a caller, except for their own.
pub fn decisions(caller: &Caller) -> Select<Entity> {
    let of_others = case::visible_to(caller).filter(case::Column::MemberId.ne(caller.id()));
    let is_visible = case::is_among((Entity, Column::CaseId), of_others);
    Entity::find().filter(Column::ReviewAction.is_in(ReviewAction::DECISIONS)).filter(is_visible)
}

/// How many steps of a case are listed at most; a case has only a few.
pub const HISTORY_MAX: u64 = 200;

/// The steps of a case's review so far, newest first.
pub async fn history<C: ConnectionTrait>(db: &C, case_id: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::CaseId.eq(case_id)).order_by_desc(Column::Id).limit(HISTORY_MAX).all(db).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta, Utc};

    fn step(action: ReviewAction, at: DateTime<Utc>) -> Step {
        Step {
            case_id: Uuid::from_u128(1),
            case_number: "WS001-2026-12-0001".to_owned(),
            at,
            action,
            reviewer_id: Uuid::from_u128(2),
            original_technician_id: None,
            notes: None,
        }
    }

    /// A history, newest first, of steps that came an hour apart.
    fn history(steps: &[(ReviewAction, i32)]) -> Vec<Model> {
        let row = |(number, (action, review_cycle)): (i64, &(ReviewAction, i32))| {
            let at = DateTime::UNIX_EPOCH + TimeDelta::hours(number);
            Model { review_cycle: *review_cycle, ..step(*action, at).after(&[], Uuid::from_u128(3)) }
        };
        let mut rows: Vec<Model> = (0..).zip(steps).map(row).collect();
        rows.reverse();
        rows
    }

    #[test]
    fn each_submission_for_review_begins_a_cycle_of_its_own() {
        use ReviewAction::{Approved, Resubmitted, RevisionsRequested, SubmittedForReview};
        let once = (SubmittedForReview, 1);
        for (steps, current, next) in [
            (vec![], 1, 1),
            (vec![once], 1, 2),
            (vec![once, (RevisionsRequested, 1)], 1, 2),
            (vec![once, (RevisionsRequested, 1), (Resubmitted, 2)], 2, 3),
            (vec![once, (RevisionsRequested, 1), (Resubmitted, 2), (Approved, 2), (Resubmitted, 3)], 3, 4),
            // As version 0.1.0 wrote them: `resubmitted` by the member, `submitted_for_review` each time.
            (vec![(Resubmitted, 1)], 1, 1),
            (vec![(Resubmitted, 1), once], 1, 2),
            (vec![once, (Approved, 1), (Resubmitted, 1)], 1, 2),
            (vec![once, (RevisionsRequested, 1), (SubmittedForReview, 2), (Approved, 2), (Resubmitted, 2)], 2, 3),
        ] {
            let history = history(&steps);
            assert_eq!((cycle(&history), next_cycle(&history)), (current, next), "{steps:?}");
        }
    }

    #[test]
    fn a_decision_is_timed_from_the_last_submission_for_review() {
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let (submitted, sent_back) = ((ReviewAction::SubmittedForReview, 1), (ReviewAction::RevisionsRequested, 1));
        for (steps, hours) in [
            (vec![submitted], 9),
            (vec![submitted, sent_back, (ReviewAction::Resubmitted, 2)], 7),
            (vec![submitted, sent_back, (ReviewAction::SubmittedForReview, 2)], 7),
            (vec![(ReviewAction::Resubmitted, 1), submitted], 8),
        ] {
            let decision = step(ReviewAction::Approved, at(9)).after(&history(&steps), Uuid::from_u128(4));
            assert_eq!(decision.turnaround_seconds, Some(hours * 3600), "{steps:?}");
        }
    }
}
