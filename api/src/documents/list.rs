//! List the documents of a case.

use super::target::ParentCase;
use super::view::{DocumentList, DocumentSummary};
use crate::http::request::page::{PageRequest, Paging};
use crate::http::{Answer, Anyone, CasePath, ListQuery, PersonCaller};
use crate::state::App;
use crate::wire::fields::at_most_all;
use crate::wire::{ReadProblems, Result};
use actix_web::{HttpRequest, get};
use entity::audit::Event;
use entity::case;
use entity::db::any_of;
use entity::document::{self, Column, DocumentType};
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

/// Filters of the document list
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct DocumentFilter {
    /// Document types to include
    #[serde(default)]
    #[validate(custom(function = "at_most_all"))]
    #[param(nullable = false)]
    document_type: Vec<DocumentType>,
}

/// List the documents of a case
///
/// Newest first. Members see reports once the result of the case is released.
///
/// With the setting `record_views`, a read by the staff is recorded as `other` with `event: case_viewed`, once per reader, case
/// and hour.
#[utoipa::path(
    tag = "documents",
    params(CasePath, DocumentFilter, Paging),
    responses((status = OK, description = "A page of the case's documents", body = DocumentList), ReadProblems),
    extensions(("x-audit-actions" = json!({"always": [], "may": ["other"], "denied": entity::audit::Action::Other}))),
)]
#[get("/cases/{case_id}/documents")]
pub async fn list_case_documents(
    app: App,
    by: PersonCaller,
    target: ParentCase,
    request: HttpRequest,
    query: ListQuery<DocumentFilter>,
) -> Result<Answer<DocumentList>> {
    let page = query.paging.page_request(&request, &app, &by, Paging::LIMIT)?;
    let case = target.seen(&app, &by).await?;
    let list = DocumentList::read(&app, &by, &case, &query.filter.document_type, &page).await?;
    app.record_view(&by, Event::case_viewed(case.id, &case.case_number)).await?;
    Ok(Answer::page(list))
}

impl DocumentList {
    /// The documents of a case that the caller sees; of all types, if none is given.
    pub async fn read(app: &App, by: &Anyone, case: &case::Model, types: &[DocumentType], page: &PageRequest) -> Result<Self> {
        let types = any_of(Column::DocumentType, types.iter().copied());
        let matching = document::visible_to(by, app.now()).filter(Column::CaseId.eq(case.id));
        let matching = matching.filter(Condition::all().add_option(types));
        let (rows, page) = page.read_newest(app.readers(), matching, Column::Id, |row| row.id).await?;
        Ok(Self { data: DocumentSummary::read(app.readers(), rows, case, by).await?, page })
    }
}
