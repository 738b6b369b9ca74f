//! Defines who may add a document to a visible case, and who may do what to a visible document: the one rule behind 403, 409,
//! `allowed_actions` and `blocked_actions`.

use super::{DocumentRefusal, DocumentType, Model};
use crate::case::{self, CaseAction};
use crate::user::Caller;
use sea_orm::{EnumIter, Iterable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An action on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentAction {
    Download,
    Delete,
}

/// Why a caller can't perform an action on a visible document now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentActionRefusal {
    /// Whatever the state of the case.
    #[error("you do not have permission to perform this action")]
    NotPermitted,
    #[error(transparent)]
    Rule(#[from] DocumentRefusal),
}

impl DocumentAction {
    /// Refuses the action to a caller who can't perform it on this document of the case now.
    pub fn ensure_open(self, caller: &Caller, case: &case::Model, document: &Model) -> Result<(), DocumentActionRefusal> {
        match self {
            // Everyone who sees it.
            Self::Download => Ok(()),
            Self::Delete if !may_delete(caller, case, document) => Err(DocumentActionRefusal::NotPermitted),
            Self::Delete => Ok(document.document_type.ensure_open(case)?),
        }
    }

    /// Whether each action is open to this caller on this document now.
    pub fn verdicts(
        caller: &Caller,
        case: &case::Model,
        document: &Model,
    ) -> impl Iterator<Item = (Self, Result<(), DocumentActionRefusal>)> {
        Self::iter().map(move |action| (action, action.ensure_open(caller, case, document)))
    }
}

/// Those who may add documents to the case; of them, only staff may add reports.
pub fn may_add(caller: &Caller, case: &case::Model, document_type: DocumentType) -> bool {
    let is_report = document_type == DocumentType::Report;
    CaseAction::Upload.permits(caller, case) && (caller.role().is_staff() || !is_report)
}

/// Its uploader, as long as they could add it today, managers and administrators; reports also the technician who is now assigned
/// to the case.
fn may_delete(caller: &Caller, case: &case::Model, document: &Model) -> bool {
    let is_report = document.document_type == DocumentType::Report;
    let is_own = document.uploaded_by_id == caller.id() || is_report;
    (is_own && may_add(caller, case, document.document_type)) || case.is_managed_by(caller)
}
