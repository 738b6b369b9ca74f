//! List the action types.

use crate::http::{Answer, Anyone, CommonProblems, Instant, NoParameters, Query, Result};
use crate::state::App;
use actix_web::get;
use entity::audit::{Action, Capture, Category, Origin, SystemEvent, metadata};
use entity::trail::{self, Usage};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A kind of action, and what the trail holds of it
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "code": "case_held", "label": "Case Placed on Hold", "category": "case", "origin": "enhancement", "capture": "automatic",
    "system_event": null, "metadata_schema": {
        "type": "object", "properties": {"reason": {"type": ["string", "null"]}}, "required": ["reason"]
    },
    "count": 42, "last_seen_at": "2026-11-22T08:00:00.123Z"
}))]
pub struct AuditActionType {
    /// Its permanent name
    pub code: Action,
    /// What people read
    #[schema(max_length = 64)]
    pub label: &'static str,
    pub category: Category,
    pub origin: Origin,
    pub capture: Capture,
    /// Its group in the system-events report; null outside of it
    pub system_event: Option<SystemEvent>,
    /// The JSON Schema (2020-12) of the metadata that a success has at least
    pub metadata_schema: BTreeMap<String, Value>,
    /// How many entries of it the trail holds, whatever their outcome
    #[schema(minimum = 0)]
    pub count: u64,
    /// When the last of them was written
    pub last_seen_at: Option<Instant>,
}

/// The closed catalogue of actions
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"named_total": 37, "total": 38, "introduced_total": 15, "data": [{
    "code": "case_held", "label": "Case Placed on Hold", "category": "case", "origin": "enhancement", "capture": "automatic",
    "system_event": null, "metadata_schema": {
        "type": "object", "properties": {"reason": {"type": ["string", "null"]}}, "required": ["reason"]
    },
    "count": 42, "last_seen_at": "2026-11-22T08:00:00.123Z"
}]}))]
pub struct AuditActionTypeList {
    /// How many have a name of their own
    #[schema(minimum = 0)]
    pub named_total: usize,
    /// The same and `other`
    #[schema(minimum = 0)]
    pub total: usize,
    /// How many came with the enhancement
    #[schema(minimum = 0)]
    pub introduced_total: usize,
    #[schema(max_items = 100)]
    pub data: Vec<AuditActionType>,
}

/// List the action types
///
/// The 37 named types and `other`, in the order of the catalogue, with how often each was recorded and when last.
#[utoipa::path(
    tag = "audit-log",
    responses((status = OK, description = "The catalogue", body = AuditActionTypeList), CommonProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": []})),
        ("x-audit-reason" = json!("the catalogue and its counts show no entry")),
    ),
)]
#[get("/audit-action-types")]
pub async fn list_audit_action_types(app: App, _by: Anyone, _: Query<NoParameters>) -> Result<Answer<AuditActionTypeList>> {
    let usage = trail::usage(app.readers()).await?;
    let data: Vec<_> =
        Action::all().map(|action| AuditActionType::of(action, usage.get(&action).copied().unwrap_or_default())).collect();
    Ok(Answer::plain(AuditActionTypeList {
        named_total: data.iter().filter(|row| row.code != Action::Other).count(),
        total: data.len(),
        introduced_total: data.iter().filter(|row| row.origin == Origin::Enhancement).count(),
        data,
    }))
}

impl AuditActionType {
    fn of(action: Action, usage: Usage) -> Self {
        Self {
            code: action,
            label: action.label(),
            category: action.category(),
            origin: action.origin(),
            capture: action.capture(),
            system_event: action.system_event(),
            metadata_schema: metadata::schema(action).into_iter().collect(),
            count: usage.count,
            last_seen_at: usage.last_at.map(Instant),
        }
    }
}
