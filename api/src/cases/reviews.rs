//! The review history of a case.

use super::{CasePath, CaseTarget};
use crate::http::{Answer, CaseReference, Error, Instant, PageInfo, PersonSummary, ReadProblems, Result, Staff};
use crate::state::App;
use actix_web::get;
use entity::review::{self, ReviewAction};
use entity::{case, user};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many steps are listed; a case has a handful.
const LISTED_MAX: u64 = 200;

/// One step of a case's review
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
    /// Who did this step
    pub reviewer: Option<PersonSummary>,
    /// Whose work it is about
    pub original_technician: Option<PersonSummary>,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// Counts the submissions for review, from 1
    #[schema(minimum = 1)]
    pub review_cycle: i32,
}

crate::list_of! {
    /// The steps of a case's review, the newest first
    CaseReviewList = CaseReview
}

/// List the review history of a case
///
/// What was handed in for review and what was decided, the newest first.
#[utoipa::path(
    tag = "cases",
    params(CasePath),
    responses((status = OK, description = "The steps of its review", body = CaseReviewList), ReadProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("reading one's work is not an event; being refused is")),
    ),
)]
#[get("/cases/{case_id}/reviews")]
pub async fn list_case_reviews(app: App, by: Staff, target: CaseTarget) -> Result<Answer<CaseReviewList>> {
    let visible = case::visible_to(&by).filter(case::Column::Id.eq(target.id()?));
    let case = visible.one(app.readers()).await?.ok_or_else(Error::not_found)?;
    let history = review::history(app.readers(), case.id).await?;
    let named = history.iter().flat_map(|step| [Some(step.reviewer_id), step.original_technician_id]).flatten();
    let people = user::people(app.readers(), named.collect()).await?;
    let people: HashMap<Uuid, PersonSummary> = people.iter().map(|person| (person.id, person.into())).collect();
    let data = history.into_iter().map(|step| CaseReview::of(step, &people)).collect();
    let page = PageInfo { next_cursor: None, has_more: false, limit: LISTED_MAX, total: None };
    Ok(Answer::plain(CaseReviewList { data, page }))
}

impl CaseReview {
    fn of(row: review::Model, people: &HashMap<Uuid, PersonSummary>) -> Self {
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
