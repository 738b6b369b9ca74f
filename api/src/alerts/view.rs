//! The representation of an alert in responses.

use crate::http::CaseReference;
use crate::wire::Instant;
use entity::alert::{self, Kind, Severity};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An alert for the caller
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a20725-be30-7584-bca5-f00e655c90d4", "kind": "case_held", "severity": "warning",
    "title": "Case WS001-2026-11-0042 is on hold", "message": "waiting for pay stub",
    "case": {"id": "01a20725-be30-7584-bca5-f00e655c90d6", "case_number": "WS001-2026-11-0042"},
    "raised_at": "2026-11-22T08:00:00.123Z", "read_at": null, "dismissed_at": null
}))]
pub struct Alert {
    pub id: Uuid,
    pub kind: Kind,
    pub severity: Severity,
    #[schema(max_length = 200)]
    pub title: String,
    #[schema(max_length = 2000)]
    pub message: String,
    /// The case the alert is about, if any
    pub case: Option<CaseReference>,
    pub raised_at: Instant,
    pub read_at: Option<Instant>,
    pub dismissed_at: Option<Instant>,
}

impl From<alert::Model> for Alert {
    fn from(row: alert::Model) -> Self {
        let alert::Model {
            id,
            recipient_id: _,
            kind,
            severity,
            title,
            message,
            case_id,
            case_number,
            raised_at,
            read_at,
            dismissed_at,
        } = row;
        Self {
            id,
            kind,
            severity,
            title,
            message,
            case: case_id.zip(case_number).map(|(id, case_number)| CaseReference { id, case_number }),
            raised_at: raised_at.into(),
            read_at: read_at.map(Instant),
            dismissed_at: dismissed_at.map(Instant),
        }
    }
}
