//! The review history of a case.

use super::{CaseReview, CaseReviewList};
use crate::http::{Answer, Anyone, PageInfo, PathId, Staff};
use crate::state::App;
use crate::wire::{Error, ReadProblems, Result};
use actix_web::get;
use entity::audit::Event;
use entity::{case, review};

/// List the review history of a case
///
/// Submissions for review and decisions, newest first. Refused to members, and to staff whose own case it is.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: case_viewed`, once per reader, case
/// and hour.
#[utoipa::path(
    tag = "reviews",
    params(("case_id" = Uuid, Path, description = "The case")),
    responses((status = OK, description = "The steps of the case's reviews", body = CaseReviewList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/cases/{case_id}/reviews")]
pub async fn list_case_reviews(app: App, by: Staff, id: PathId) -> Result<Answer<CaseReviewList>> {
    let id = id.get()?;
    let case = case::seen(app.readers(), id, &by).await?;
    let list = CaseReviewList::read_if_shown(&app, &by, &case).await?.ok_or_else(Error::forbidden)?;
    app.record_view(&by, Event::case_viewed(case.id, &case.case_number)).await?;
    Ok(Answer::page(list))
}

impl CaseReviewList {
    /// The review history of a case, unless it is hidden from the caller.
    pub async fn read_if_shown(app: &App, by: &Anyone, case: &case::Model) -> Result<Option<Self>> {
        if case.is_kept_from(by) {
            return Ok(None);
        }
        let data = CaseReview::read(app.readers(), review::history(app.readers(), case.id).await?).await?;
        let page = PageInfo {
            next_cursor: None,
            has_more: false,
            limit: review::HISTORY_MAX.into(),
            total: None,
            total_is_capped: false,
        };
        Ok(Some(Self { data, page }))
    }
}
