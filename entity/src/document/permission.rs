//! Defines who may add a document to a visible case, and who may delete one, regardless of the case's status.

use super::{DocumentType, Model};
use crate::case::{self, CaseAction};
use crate::user::Caller;

/// Those who may add documents to the case; of them, only staff may add reports.
pub fn may_add(caller: &Caller, case: &case::Model, document_type: DocumentType) -> bool {
    let is_report = document_type == DocumentType::Report;
    CaseAction::Upload.permits(caller, case) && (caller.role().is_staff() || !is_report)
}

/// Its uploader, as long as they could add it today, managers and administrators; reports also the technician who is now assigned
/// to the case.
pub fn may_delete(caller: &Caller, case: &case::Model, document: &Model) -> bool {
    let is_report = document.document_type == DocumentType::Report;
    let is_own = document.uploaded_by_id == caller.id() || is_report;
    (is_own && may_add(caller, case, document.document_type)) || case.is_managed_by(caller)
}
