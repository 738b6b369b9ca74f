//! Read a case.

use super::{CaseDetail, CasePath, CaseTarget};
use crate::http::{Answer, Human, IfNoneMatch, IfNoneMatchHeader, ReadProblems, Result};
use crate::state::App;
use actix_web::get;
use entity::case;

/// Read a case
///
/// With `allowed_actions`: what the caller could do to it now.
#[utoipa::path(
    tag = "cases",
    params(CasePath, IfNoneMatchHeader),
    responses(
        (status = OK, description = "The case", body = CaseDetail),
        (status = NOT_MODIFIED, description = "The caller has this version already"),
        ReadProblems,
    ),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("reading one's work is not an event; being refused is")),
    ),
)]
#[get("/cases/{case_id}")]
pub async fn get_case(app: App, by: Human, target: CaseTarget, _: IfNoneMatch) -> Result<Answer<CaseDetail>> {
    let row = case::seen(app.readers(), target.id()?, &by).await?;
    let version = row.version_for(&by);
    let view = CaseDetail::read(app.readers(), row, &by, app.now()).await?;
    Ok(Answer::of(view, version))
}
