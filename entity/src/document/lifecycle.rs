//! State transitions of a document. Pure: the row to save, or the rule that refused.

use super::{ActiveModel, DocumentType, Model};
use crate::case::{self, CaseStatus};
use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveValue::Set, IntoActiveModel};

/// The rule that refused a change of a case's documents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentRefusal {
    #[error("cannot change the reports of a case in status `{}`. Allowed from: {}", current.code(), case::codes(allowed_from))]
    ReportsAreSettled { current: CaseStatus, allowed_from: &'static [CaseStatus] },
}

/// A received document.
#[derive(Clone, Debug)]
pub struct NewDocument {
    pub id: Uuid,
    pub document_type: DocumentType,
    pub report_number: Option<i32>,
    pub filename: String,
    pub content_type: String,
    pub size_bytes: i64,
    pub sha256: String,
    pub notes: Option<String>,
    pub uploaded_by_id: Uuid,
}

impl NewDocument {
    /// The row for a document of a case.
    pub fn of_case(self, case: &case::Model) -> Result<ActiveModel, DocumentRefusal> {
        self.document_type.ensure_open(case)?;
        Ok(ActiveModel {
            id: Set(self.id),
            case_id: Set(case.id),
            case_number: Set(case.case_number.clone()),
            document_type: Set(self.document_type),
            report_number: Set(self.report_number),
            filename: Set(self.filename),
            content_type: Set(self.content_type),
            size_bytes: Set(self.size_bytes),
            sha256: Set(self.sha256),
            notes: Set(self.notes),
            uploaded_by_id: Set(self.uploaded_by_id),
            deleted_at: Set(None),
            ..Default::default()
        })
    }
}

impl Model {
    pub fn delete(self, case: &case::Model, now: DateTime<Utc>) -> Result<ActiveModel, DocumentRefusal> {
        self.document_type.ensure_open(case)?;
        let mut row = self.into_active_model();
        row.deleted_at = Set(Some(now));
        Ok(row)
    }
}

/// The statuses in which a case's reports are worked on. Once completed, they stay as they were reviewed and shown, until the
/// case is reopened.
const REPORTS_OPEN: &[CaseStatus] = &[CaseStatus::Accepted, CaseStatus::Hold, CaseStatus::PendingReview];

impl DocumentType {
    /// Whether documents of this type can be added and deleted in the current status of the case. Members' documents can be at
    /// any time.
    pub(super) fn ensure_open(self, case: &case::Model) -> Result<(), DocumentRefusal> {
        let (current, allowed_from) = (case.status, REPORTS_OPEN);
        match self {
            Self::Report if !allowed_from.contains(&current) => Err(DocumentRefusal::ReportsAreSettled { current, allowed_from }),
            Self::Report | Self::FactFinder | Self::Supporting | Self::Other => Ok(()),
        }
    }
}
