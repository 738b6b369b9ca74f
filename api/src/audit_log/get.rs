//! Get an audit entry.

use crate::http::{Answer, AuditEntry, AuditReader, PathId, Query, WaitFor};
use crate::state::App;
use crate::wire::{Error, Instant, ReadProblems, Result};
use actix_web::get;
use entity::audit::{Action, Event, Outcome};
use entity::audit_log::{self, LogView};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

/// How many other entries of the same request are shown at most.
const SIBLINGS_MAX: u64 = 50;

/// What to wait for before an entry is read
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct EntryReading {
    /// With `sealed`, waits at most 5 seconds for the entries that were committed before the request to be sealed. If `sequence`
    /// is still null, this entry is not sealed yet
    #[param(nullable = false)]
    wait: Option<WaitFor>,
}

/// Another entry of the same request
#[derive(Serialize, ToSchema)]
pub struct AuditEntrySibling {
    pub id: Uuid,
    pub occurred_at: Instant,
    pub action_type: Action,
    /// Human-readable name of the action type
    #[schema(max_length = 64)]
    pub action_label: String,
    pub outcome: Outcome,
    /// The username, `System` or `anonymous`
    #[schema(max_length = 64)]
    pub actor_label: String,
    #[schema(max_length = 10000)]
    pub description: String,
    #[schema(max_length = 32)]
    pub object_type: String,
    #[schema(max_length = 64)]
    pub object_id: String,
}

/// An audit entry, with the other entries of the same request
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01a2071e-0bfb-7584-bca5-f00e655c90d6", "sequence": null, "occurred_at": "2026-11-22T08:00:00.123Z",
    "action_type": "case_held", "action_label": "Case Placed on Hold", "category": "case", "outcome": "success",
    "source": "automatic", "actor_type": "user",
    "actor": {"id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "tech2", "full_name": "Tom Reyes", "role": "technician"},
    "actor_label": "tech2", "api_key_id": null, "api_key_name": null,
    "description": "Case WS001-2026-11-0042 placed on hold: waiting for pay stub",
    "case": {"id": "01a20725-be30-7584-bca5-f00e655c90d7", "case_number": "WS001-2026-11-0042"}, "document": null,
    "related_user": null, "object_type": "case", "object_id": "01a20725-be30-7584-bca5-f00e655c90d7",
    "changes": {"status": {
        "field_label": "Status", "from": "accepted", "from_label": null, "to": "hold", "to_label": null
    }},
    "metadata": {"reason": "waiting for pay stub"},
    "ip_address": "127.0.0.1", "user_agent": "curl/8.5.0", "request_id": "01a20725-be30-7584-bca5-f00e655c90d8",
    "siblings": [{
        "id": "01a20725-be30-7584-bca5-f00e655c90d9", "occurred_at": "2026-11-22T08:00:00.123Z", "action_type": "case_updated",
        "action_label": "Case Updated", "outcome": "success", "actor_label": "tech2",
        "description": "Case WS001-2026-11-0042 updated", "object_type": "case",
        "object_id": "01a20725-be30-7584-bca5-f00e655c90d7"
    }]
}))]
pub struct AuditEntryDetail {
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// The other entries of the same request, in order; at most 50
    #[schema(max_items = 50)]
    pub siblings: Vec<AuditEntrySibling>,
}

/// Get an audit entry
///
/// Returns the entry, with its `sequence` once it is sealed, and the other entries of the same request. The access is recorded in
/// the audit log.
#[utoipa::path(
    tag = "audit-log",
    params(("entry_id" = Uuid, Path, description = "The entry"), EntryReading),
    responses((status = OK, description = "The entry and its siblings", body = AuditEntryDetail), ReadProblems),
    extensions(("x-audit-actions" = json!({
        "always": ["audit_log_accessed"], "may": [], "denied": entity::audit::Action::AuditLogAccessed,
    }))),
)]
#[get("/audit-log/{entry_id}")]
pub async fn get_audit_entry(
    app: App,
    by: AuditReader,
    id: PathId,
    query: Query<EntryReading>,
) -> Result<Answer<AuditEntryDetail>> {
    let id = id.get()?;
    if query.wait == Some(WaitFor::Sealed) {
        app.wait_until_sealed().await;
    }
    let entry = audit_log::entry(app.readers(), id).await?.ok_or_else(Error::not_found)?;
    let entry = AuditEntry::all(app.readers(), &[entry]).await?.pop().ok_or_else(Error::not_found)?;
    let siblings = audit_log::siblings(app.readers(), id, &entry.request_id, SIBLINGS_MAX).await?;
    let siblings = AuditEntry::all(app.readers(), &siblings).await?.into_iter().map(AuditEntrySibling::from).collect();
    app.record(&by, Event::audit_log_accessed(LogView::Entry(id), json!({}))).await?;
    Ok(Answer::plain(AuditEntryDetail { entry, siblings }))
}

impl From<AuditEntry> for AuditEntrySibling {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry {
            id,
            occurred_at,
            action_type,
            action_label,
            outcome,
            actor_label,
            description,
            object_type,
            object_id,
            ..
        } = entry;
        Self { id, occurred_at, action_type, action_label, outcome, actor_label, description, object_type, object_id }
    }
}
