//! Get a case.

use super::{CaseDetail, CaseTarget};
use crate::http::{Answer, CasePath, IfNoneMatch, IfNoneMatchHeader, PersonCaller};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::get;
use entity::audit::Event;
use entity::case;

/// Get a case
///
/// `allowed_actions` lists the actions the caller could perform on it now, `blocked_actions` the others with the code and the
/// reason that they would be refused with.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: case_viewed`, once per reader, case
/// and hour.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The case", body = CaseDetail),
        (status = NOT_MODIFIED, description = "The caller already has this version"),
        ReadProblems,
    ),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/cases/{case_id}")]
pub async fn get_case(app: App, by: PersonCaller, target: CaseTarget, _: IfNoneMatch) -> Result<Answer<CaseDetail>> {
    let row = case::seen(app.readers(), target.id()?, &by).await?;
    let (version, viewed) = (row.version_for(&by), Event::case_viewed(row.id, &row.case_number));
    let (case, are_views_recorded) = CaseDetail::read(&app, &by, row).await?;
    app.record_view_if(are_views_recorded, &by, viewed).await?;
    Ok(Answer::new(case, version))
}
