//! The audit entries written for a report.

use crate::http::{Answer, Anyone, AuditEntry};
use crate::wire::{Error, Interruption, Result};
use entity::audit::{AuditTx, Event};
use entity::audit_log;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The audit entries written for a report
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [{
    "id": "01a2071e-0bfb-7584-bca5-f00e655c90d6", "sequence": null, "occurred_at": "2026-11-22T08:00:05.123Z",
    "action_type": "cron_job_executed", "action_label": "Cron Job Executed", "category": "system", "outcome": "success",
    "source": "service", "actor_type": "service",
    "actor": {
        "id": "01a20725-be30-7584-bca5-f00e655c90d6", "username": "warehouse", "full_name": "Data Warehouse", "role": "service"
    },
    "actor_label": "warehouse", "api_key_id": "01a20725-be30-7584-bca5-f00e655c90d9", "api_key_name": "Nightly import",
    "description": "Job nightly-sync ran elsewhere: success", "case": null, "document": null,
    "related_user": null, "object_type": "job", "object_id": "nightly-sync", "changes": {},
    "metadata": {
        "job_name": "nightly-sync", "records_processed": 1200, "records_failed": null, "status": "success", "error_message": null,
        "duration_ms": 4200, "dry_run": false, "trigger": "external", "started_at": "2026-11-22T08:00:00.000Z",
        "finished_at": "2026-11-22T08:00:04.200Z"
    },
    "ip_address": "192.0.2.7", "user_agent": "warehouse/2.1", "request_id": "01a20725-be30-7584-bca5-f00e655c90d8"
}]}))]
pub struct IngestedEntries {
    /// In the order in which they were written; for a batch, the last one describes the whole batch
    #[schema(max_items = 1001)]
    pub data: Vec<AuditEntry>,
}

impl IngestedEntries {
    /// Records events and returns their entries.
    pub async fn recorded(tx: AuditTx, by: &Anyone, events: Vec<Event>) -> Result<Answer<Self>, Interruption> {
        let ids = tx.record_many(events).await?;
        Self::committed(tx, by, &ids).await
    }

    /// Returns the entries with these ids, read inside the transaction that wrote them.
    pub async fn committed(tx: AuditTx, by: &Anyone, ids: &[Uuid]) -> Result<Answer<Self>, Interruption> {
        let last = ids.last().copied().ok_or_else(|| Error::internal("a report without an entry"))?;
        let entries = audit_log::entries(&tx, ids).await?;
        let data = AuditEntry::all(&tx, &entries).await?;
        Answer::plain(Self { data }).created(format!("/api/v1/audit-log/{last}")).committed(tx, by).await
    }
}
