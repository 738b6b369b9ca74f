//! List pending or decided reviews.

use super::{CaseReview, CaseReviewList};
use crate::http::request::page::{PageRequest, Paging};
use crate::http::{Answer, Anyone, ListQuery, Reviewer};
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::{Error, ListProblems, Result};
use actix_web::{HttpRequest, get};
use entity::case::{self, ReviewStatus};
use entity::db::any_of;
use entity::page::{Direction, SortKey};
use entity::review::{self, Column};
use sea_orm::{ColumnTrait, Condition, FromQueryResult, QueryFilter, QuerySelect};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// Filters of the review list
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct ReviewFilter {
    /// Defaults to `pending`
    #[serde(default)]
    #[param(nullable = false)]
    status: ReviewQueue,
    /// The user who decided; only with `status=decided`
    #[param(nullable = false)]
    reviewer_id: Option<Uuid>,
    /// The decision, may be repeated; only with `status=decided`
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    review_action: Vec<ReviewStatus>,
}

/// Which reviews to list
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewQueue {
    /// Reviews that the caller could decide now.
    #[default]
    Pending,
    /// Reviews that were decided, by any user.
    Decided,
}

/// List pending or decided reviews
///
/// `pending` returns the cases the caller may review, never their own work, oldest case first; each is represented by the step
/// that last submitted it for review, whose `review_action` is `submitted_for_review` the first time and `resubmitted` later.
/// `decided` returns the decisions, newest first. Available to technicians of level 2 and above, managers and administrators.
#[utoipa::path(
    tag = "reviews",
    params(ReviewFilter, Paging),
    responses((status = OK, description = "A page of reviews", body = CaseReviewList), ListProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("looking for pending work is not audited; decisions are")),
    ),
)]
#[get("/reviews")]
pub async fn list_reviews(
    app: App,
    by: Reviewer,
    query: ListQuery<ReviewFilter>,
    request: HttpRequest,
) -> Result<Answer<CaseReviewList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    match query.filter.status {
        ReviewQueue::Pending => {
            query.filter.ensure_no_decision()?;
            pending(&app, &by, &page).await
        }
        ReviewQueue::Decided => decided(&app, &by, &query.filter, &page).await,
    }
}

impl ReviewFilter {
    /// A pending review has no decision: such a filter is refused, not ignored.
    fn ensure_no_decision(&self) -> Result<()> {
        let refused = |name| Err(Error::parameter(name, "not_available", "is allowed only with status=decided"));
        match (self.reviewer_id, self.review_action.is_empty()) {
            (Some(_), _) => refused("reviewer_id"),
            (None, false) => refused("review_action"),
            (None, true) => Ok(()),
        }
    }
}

/// A case that is pending review: all that the list needs of it.
#[derive(FromQueryResult)]
struct PendingCase {
    id: Uuid,
}

async fn pending(app: &App, by: &Anyone, page: &PageRequest) -> Result<Answer<CaseReviewList>> {
    let found = case::waiting_for_review_by(by).select_only().column(case::Column::Id);
    let oldest_first = SortKey::id(case::Column::Id, Direction::Ascending);
    let (cases, page) = page.read(app.readers(), found, &oldest_first, |case: &PendingCase| case.id.into()).await?;
    let cases: Vec<Uuid> = cases.into_iter().map(|case| case.id).collect();
    let mut submissions = review::submissions_of(app.readers(), &cases).await?;
    // A submission for review and its step are written in one transaction, so each case has a step.
    let rows = cases.iter().filter_map(|id| submissions.remove(id)).collect();
    Ok(Answer::page(CaseReviewList { data: CaseReview::read(app.readers(), rows).await?, page }))
}

async fn decided(app: &App, by: &Anyone, filter: &ReviewFilter, page: &PageRequest) -> Result<Answer<CaseReviewList>> {
    let actions = filter.review_action.iter().map(|status| status.review_action());
    let condition = Condition::all()
        .add_option(filter.reviewer_id.map(|id| Column::ReviewerId.eq(id)))
        .add_option(any_of(Column::ReviewAction, actions));
    let found = review::decisions(by).filter(condition);
    let (rows, page) = page.read_newest(app.readers(), found, Column::Id, |row| row.id).await?;
    Ok(Answer::page(CaseReviewList { data: CaseReview::read(app.readers(), rows).await?, page }))
}
