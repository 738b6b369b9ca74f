//! The entries about a document, which of them a change leads to, and what must follow it. Pure: no clock, no database, no
//! request.

use super::{Column, Entity, Model};
use crate::audit::metadata::{Metadata, metadata};
use crate::audit::{Audited, ChangeContext, Event, key};
use crate::case::member_update;
use crate::effect::Effect;
use crate::user::Role;
use sea_orm::Iterable;

pub(super) fn events(before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Event> {
    match before {
        None => vec![Event::document_uploaded(after, change)],
        // Nothing else of a document ever changes: if it did, no event would cover it, and the save would be refused.
        Some(before) => vec![Event::document_deleted(before, after, change)],
    }
}

/// A document that a member added or deleted is flagged.
pub(super) fn effects(_before: Option<&Model>, after: &Model, change: &ChangeContext) -> Vec<Effect> {
    member_update::effect(after.case_id, change).into_iter().collect()
}

/// Entries about a document.
impl Event {
    pub fn document_uploaded(after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![DocumentUploaded;
            FILENAME = &after.filename,
            FILE_SIZE = after.size_bytes,
            DOCUMENT_TYPE = Some(after.document_type.code()),
            REPORT_NUMBER = after.report_number,
            UPLOADED_BY_ROLE = change.by.role().map(Role::code),
        ];
        Self::on_document(metadata, after, "uploaded to").naming::<Entity>(None, after, &every_fact())
    }

    /// The document's metadata was read.
    pub fn document_viewed(document: &Model) -> Self {
        Self::on_document(metadata![DocumentViewed; FILENAME = &document.filename], document, "viewed in")
    }

    /// The document's bytes were read: all of them or, if `range` is given, a part.
    pub fn document_downloaded(document: &Model, range: Option<&str>) -> Self {
        let metadata = metadata![DocumentDownloaded;
            FILENAME = &document.filename,
            FILE_SIZE = document.size_bytes,
            [RANGE] = range,
        ];
        Self::on_document(metadata, document, "downloaded from")
    }

    /// Deleted, or replaced by another document with the same report number.
    pub fn document_deleted(before: &Model, after: &Model, change: &ChangeContext) -> Self {
        let metadata = metadata![DocumentDeleted;
            FILENAME = &after.filename,
            DOCUMENT_TYPE = Some(after.document_type.code()),
            REASON = change.reason(),
            REPLACED_BY = change.noted(key::REPLACED_BY),
        ];
        Self::on_document(metadata, after, "deleted from").naming::<Entity>(Some(before), after, &[Column::DeletedAt])
    }

    fn on_document(metadata: Metadata, document: &Model, what: &str) -> Self {
        let description = format!("Document {} {what} case {}", document.filename, document.case_number);
        let event = Self::new(metadata, (Entity::OBJECT, document.id.to_string()), description);
        let (case, document) = ((document.case_id, document.case_number.clone()), (document.id, document.filename.clone()));
        Self { case: Some(case), document: Some(document), ..event }
    }
}

/// Every column of a new document that an entry records.
fn every_fact() -> Vec<Column> {
    Column::iter().filter(|column| !Entity::is_bookkeeping(*column)).collect()
}
