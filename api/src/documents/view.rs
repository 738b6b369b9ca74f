//! The representation of a document in responses.

use super::form::FileSize;
use crate::http::answer::blocked::divided;
use crate::http::{Anyone, CaseReference, PersonSummary};
use crate::wire::fields::ReportNumber;
use crate::wire::fields::shown::{ShownDocumentNotes, ShownFilename};
use crate::wire::{Instant, Result};
use entity::case;
use entity::document::{self, DocumentAction, DocumentType};
use entity::user;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

crate::blocked_action! {
    /// An action that the caller cannot perform on a document now, and why
    #[schema(example = json!({
        "action": "delete", "code": "forbidden", "detail": "You do not have permission to perform this action."
    }))]
    BlockedDocumentAction = DocumentAction,
    /// The code that the action would be refused with: `forbidden`, or `invalid_case_state` for the reports of a case
    code
}

/// A document. Documents are immutable: a correction is a new document
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90da",
    "case": {"id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042"},
    "document_type": "report", "report_number": 1, "filename": "retirement-report.pdf", "content_type": "application/pdf",
    "size_bytes": 48213, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "notes": null,
    "uploaded_by": {"id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes"},
    "created_at": "2026-11-23T10:15:00.000Z", "allowed_actions": ["download"],
    "blocked_actions": [{
        "action": "delete", "code": "invalid_case_state",
        "detail": "Cannot change the reports of a case in status `completed`. Allowed from: `accepted`, `hold`, `pending_review`."
    }]
}))]
pub struct DocumentDetail {
    pub id: Uuid,
    pub case: CaseReference,
    pub document_type: DocumentType,
    /// Number of the requested report; null for all other types
    pub report_number: Option<ReportNumber>,
    #[schema(value_type = ShownFilename)]
    pub filename: String,
    /// Determined from the first bytes of the file
    #[schema(max_length = 127)]
    pub content_type: String,
    #[schema(value_type = FileSize)]
    pub size_bytes: i64,
    /// SHA-256 of the file, in hexadecimal digits
    #[schema(min_length = 64, max_length = 64)]
    pub sha256: String,
    #[schema(value_type = Option<ShownDocumentNotes>)]
    pub notes: Option<String>,
    pub uploaded_by: Option<PersonSummary>,
    pub created_at: Instant,
    /// What the caller could do with it now
    pub allowed_actions: Vec<DocumentAction>,
    /// All other actions
    #[schema(max_items = 100)]
    pub blocked_actions: Vec<BlockedDocumentAction>,
}

/// A document in a list
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90da", "document_type": "report", "report_number": 1,
    "filename": "retirement-report.pdf", "content_type": "application/pdf", "size_bytes": 48213,
    "uploaded_by": {"id": "01a20725-be30-7584-bca5-f00e655c90d2", "username": "tech2", "full_name": "Tom Reyes"},
    "created_at": "2026-11-23T10:15:00.000Z", "allowed_actions": ["download"],
    "blocked_actions": [{
        "action": "delete", "code": "invalid_case_state",
        "detail": "Cannot change the reports of a case in status `completed`. Allowed from: `accepted`, `hold`, `pending_review`."
    }]
}))]
pub struct DocumentSummary {
    pub id: Uuid,
    pub document_type: DocumentType,
    /// Null for all types except reports
    pub report_number: Option<ReportNumber>,
    #[schema(value_type = ShownFilename)]
    pub filename: String,
    #[schema(max_length = 127)]
    pub content_type: String,
    #[schema(value_type = FileSize)]
    pub size_bytes: i64,
    pub uploaded_by: Option<PersonSummary>,
    pub created_at: Instant,
    /// What the caller could do with it now
    pub allowed_actions: Vec<DocumentAction>,
    /// All other actions
    #[schema(max_items = 100)]
    pub blocked_actions: Vec<BlockedDocumentAction>,
}

crate::list_of! {
    /// A page of the documents of a case, newest first
    DocumentList = DocumentSummary
}

impl DocumentDetail {
    /// The document with its uploader's name: one query in addition to the row's own.
    pub async fn read<C: ConnectionTrait>(db: &C, row: document::Model, case: &case::Model, by: &Anyone) -> Result<Self> {
        let (allowed_actions, blocked_actions) = divided(DocumentAction::verdicts(by, case, &row));
        let people = user::people(db, vec![row.uploaded_by_id]).await?;
        // No `..` here: a new column must be shown or omitted on purpose.
        let document::Model {
            id,
            case_id,
            case_number,
            document_type,
            report_number,
            filename,
            content_type,
            size_bytes,
            sha256,
            notes,
            uploaded_by_id: _,
            version: _,
            created_at,
            updated_at: _,
            deleted_at: _,
        } = row;
        let case = CaseReference { id: case_id, case_number };
        let (uploaded_by, created_at) = (people.first().map(PersonSummary::from), created_at.into());
        Ok(Self {
            id,
            case,
            document_type,
            report_number: report_number.map(ReportNumber::from),
            filename,
            content_type,
            size_bytes,
            sha256,
            notes,
            uploaded_by,
            created_at,
            allowed_actions,
            blocked_actions,
        })
    }
}

impl DocumentSummary {
    /// The rows of a page of a case, with one query for all the names.
    pub async fn read<C: ConnectionTrait>(
        db: &C,
        rows: Vec<document::Model>,
        case: &case::Model,
        by: &Anyone,
    ) -> Result<Vec<Self>> {
        let people = PersonSummary::by_id(db, rows.iter().map(|row| row.uploaded_by_id)).await?;
        let summary = |row: document::Model| {
            let (allowed_actions, blocked_actions) = divided(DocumentAction::verdicts(by, case, &row));
            Self {
                uploaded_by: people.get(&row.uploaded_by_id).cloned(),
                id: row.id,
                document_type: row.document_type,
                report_number: row.report_number.map(ReportNumber::from),
                filename: row.filename,
                content_type: row.content_type,
                size_bytes: row.size_bytes,
                created_at: row.created_at.into(),
                allowed_actions,
                blocked_actions,
            }
        };
        Ok(rows.into_iter().map(summary).collect())
    }
}
