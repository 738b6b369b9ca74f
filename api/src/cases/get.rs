//! Get a case.

use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::{Answer, IfNoneMatch, IfNoneMatchHeader, PersonCaller};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::get;
use entity::case;

/// Get a case
///
/// `allowed_actions` lists the actions the caller could perform on it now, `blocked_actions` the others with the code and the
/// reason that they would be refused with.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The case", body = CaseDetail),
        (status = NOT_MODIFIED, description = "The caller already has this version"),
        ReadProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("routine reads are not audited; denied attempts are")),
    ),
)]
#[get("/cases/{case_id}")]
pub async fn get_case(app: App, by: PersonCaller, target: CaseTarget, _: IfNoneMatch) -> Result<Answer<CaseDetail>> {
    let row = case::seen(app.readers(), target.id()?, &by).await?;
    let version = row.version_for(&by);
    let view = CaseDetail::read(app.readers(), row, &by, app.now()).await?;
    Ok(Answer::new(view, version))
}
