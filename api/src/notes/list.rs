//! List the notes about a case.

use super::view::{CaseNote, CaseNoteList};
use crate::http::request::page::{PageRequest, Paging};
use crate::http::{Answer, Anyone, ListQuery, NoParameters, PathId, PersonCaller};
use crate::state::App;
use crate::wire::{ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::{case, note, user};

/// List the notes about a case
///
/// Newest first. Members see only notes that are `shared`.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: case_viewed`, once per reader, case
/// and hour.
#[utoipa::path(
    tag = "notes",
    params(("case_id" = Uuid, Path, description = "The case"), Paging),
    responses((status = OK, description = "A page of the case's notes", body = CaseNoteList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/cases/{case_id}/notes")]
pub async fn list_case_notes(
    app: App,
    by: PersonCaller,
    id: PathId,
    query: ListQuery<NoParameters>,
    request: HttpRequest,
) -> Result<Answer<CaseNoteList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let id = id.get()?;
    let case = case::seen(app.readers(), id, &by).await?;
    let list = CaseNoteList::read(&app, &by, &case, &page).await?;
    app.record_view(&by, Event::case_viewed(case.id, &case.case_number)).await?;
    Ok(Answer::page(list))
}

impl CaseNoteList {
    /// The notes about a case that the caller sees.
    pub async fn read(app: &App, by: &Anyone, case: &case::Model, page: &PageRequest) -> Result<Self> {
        let (rows, page) = page.read_newest(app.readers(), note::of_case(case.id, by), note::Column::Id, |row| row.id).await?;
        let people = user::people_by_id(app.readers(), rows.iter().map(|row| row.author_id)).await?;
        let data = rows.into_iter().map(|row| CaseNote::new(row, &people, case, by)).collect();
        Ok(Self { data, page })
    }
}
