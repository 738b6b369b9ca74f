//! Defines who may add a document to a visible case, and who may delete one, regardless of the case's status.

use super::{DocumentType, Model};
use crate::case;
use crate::user::{Caller, Role};

/// The owning member, the assigned technician, managers and administrators; only staff may add reports.
pub fn may_add(caller: &Caller, case: &case::Model, document_type: DocumentType) -> bool {
    let owns = caller.role() == Role::Member && case.member_id == caller.id();
    let is_report = document_type == DocumentType::Report;
    (owns && !is_report) || works_on_it(caller, case) || caller.manages_cases()
}

/// Its uploader, as long as they could add it today, managers and administrators; reports also the technician who is now assigned
/// to the case.
pub fn may_delete(caller: &Caller, case: &case::Model, document: &Model) -> bool {
    let is_report = document.document_type == DocumentType::Report;
    let is_own = document.uploaded_by_id == caller.id() || is_report;
    (is_own && may_add(caller, case, document.document_type)) || caller.manages_cases()
}

fn works_on_it(caller: &Caller, case: &case::Model) -> bool {
    caller.role() == Role::Technician && case.assigned_to_id == Some(caller.id())
}
