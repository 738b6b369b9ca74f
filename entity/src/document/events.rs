//! The entries about a document, and which of them a change leads to. Pure: no clock, no database, no request.

use super::{Column, Entity, Model};
use crate::audit::{Action, Audited, ChangeContext, Event};
use crate::user::Role;
use sea_orm::Iterable;

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    match before {
        None => vec![Event::document_uploaded(after, change)],
        // Nothing else of a document ever changes: if it did, no event would cover it, and the save would be refused.
        Some(before) => vec![Event::document_deleted(before, after, change)],
    }
}

/// Entries about a document.
impl Event {
    pub fn document_uploaded(after: &Model, change: &ChangeContext) -> Self {
        Self::on_document(Action::DocumentUploaded, after, "uploaded to")
            .naming::<Entity>(None, after, &every_fact())
            .with("filename", &after.filename)
            .with("file_size", after.size_bytes)
            .with("document_type", after.document_type.code())
            .with("report_number", after.report_number)
            .with("uploaded_by_role", change.by.role().map(Role::code))
    }

    /// The document's metadata was read.
    pub fn document_viewed(document: &Model) -> Self {
        Self::on_document(Action::DocumentViewed, document, "viewed in").with("filename", &document.filename)
    }

    /// The document's bytes were read: all of them or, if `range` is given, a part.
    pub fn document_downloaded(document: &Model, range: Option<&str>) -> Self {
        let event = Self::on_document(Action::DocumentDownloaded, document, "downloaded from")
            .with("filename", &document.filename)
            .with("file_size", document.size_bytes);
        if range.is_some() { event.with("range", range) } else { event }
    }

    /// Deleted, or replaced by another document with the same report number.
    pub fn document_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        Self::on_document(Action::DocumentDeleted, after, "deleted from")
            .naming::<Entity>(Some(before), after, &[Column::DeletedAt])
            .with("filename", &after.filename)
            .with("document_type", after.document_type.code())
            .with("reason", change.reason())
            .with("replaced_by", change.noted("replaced_by"))
    }

    fn on_document(action: Action, document: &Model, what: &str) -> Self {
        let description = format!("Document {} {what} case {}", document.filename, document.case_number);
        let event = Self::new(action, (Entity::OBJECT, document.id.to_string()), description);
        let (case, document) = ((document.case_id, document.case_number.clone()), (document.id, document.filename.clone()));
        Self { case: Some(case), document: Some(document), ..event }
    }
}

/// Every column of a new document that an entry records.
fn every_fact() -> Vec<Column> {
    Column::iter().filter(|column| !Entity::is_bookkeeping(*column)).collect()
}
