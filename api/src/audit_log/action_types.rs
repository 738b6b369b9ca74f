//! List the action types.

use crate::http::{Answer, Anyone, NoParameters, Query};
use crate::state::App;
use crate::wire::{CommonProblems, Instant, Result};
use actix_web::get;
use entity::audit::{Action, Capture, Category, Origin, SystemEvent, metadata};
use entity::audit_log::{self, Usage};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An action type and its usage in the audit log
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "code": "case_held", "label": "Case Placed on Hold", "category": "case", "origin": "enhancement", "capture": "automatic",
    "system_event": null, "metadata_schema": {
        "type": "object", "properties": {"reason": {"type": ["string", "null"]}}, "required": ["reason"]
    },
    "count": 42, "last_seen_at": "2026-11-22T08:00:00.123Z"
}))]
pub struct AuditActionType {
    /// Permanent identifier of the action type
    pub code: Action,
    /// Human-readable name
    #[schema(max_length = 64)]
    pub label: &'static str,
    pub category: Category,
    pub origin: Origin,
    pub capture: Capture,
    /// Its group in the system events report; null if it is not part of that report
    pub system_event: Option<SystemEvent>,
    /// JSON Schema (2020-12) of the metadata that entries of successful actions contain at least
    pub metadata_schema: BTreeMap<String, Value>,
    /// Number of audit entries of this type, regardless of outcome; null for callers who may not read the audit log
    #[schema(minimum = 0)]
    pub count: Option<u64>,
    /// Time of the most recent entry; null if there is none, and for callers who may not read the audit log
    pub last_seen_at: Option<Instant>,
}

/// The complete catalogue of action types
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "named_total": Action::NAMED, "total": Action::COUNT, "introduced_total": Action::introduced().count(), "data": [{
    "code": "case_held", "label": "Case Placed on Hold", "category": "case", "origin": "enhancement", "capture": "automatic",
    "system_event": null, "metadata_schema": {
        "type": "object", "properties": {"reason": {"type": ["string", "null"]}}, "required": ["reason"]
    },
    "count": 42, "last_seen_at": "2026-11-22T08:00:00.123Z"
}]}))]
pub struct AuditActionTypeList {
    /// Number of named types
    #[schema(minimum = 0)]
    pub named_total: usize,
    /// Number of named types plus `other`
    #[schema(minimum = 0)]
    pub total: usize,
    /// Number of types introduced with the enhancement
    #[schema(minimum = 0)]
    pub introduced_total: usize,
    #[schema(max_items = 100)]
    pub data: Vec<AuditActionType>,
}

/// List the action types
#[utoipa::path(
    tag = "audit-log",
    description = described(),
    responses((status = OK, description = "The catalogue", body = AuditActionTypeList), CommonProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("the catalogue reveals no entry, and only readers of the log see its counts")),
    ),
)]
#[get("/audit-action-types")]
pub async fn list_audit_action_types(app: App, by: Anyone, _: Query<NoParameters>) -> Result<Answer<AuditActionTypeList>> {
    let usage = if by.reads_audit_log() { Some(audit_log::usage(&app.snapshot().await?).await?) } else { None };
    let usage_of = |action: Action| usage.as_ref().map(|usage| usage.get(&action).copied().unwrap_or_default());
    Ok(Answer::plain(AuditActionTypeList {
        named_total: Action::NAMED,
        total: Action::COUNT,
        introduced_total: Action::introduced().count(),
        data: Action::all().map(|action| AuditActionType::new(action, usage_of(action))).collect(),
    }))
}

/// The operation's description in the contract.
fn described() -> String {
    format!(
        "Returns the {} named types and `other` in catalogue order. For callers who may read the audit log, also the number of \
         audit\nentries of each and the time of the most recent one.",
        Action::NAMED
    )
}

impl AuditActionType {
    fn new(action: Action, usage: Option<Usage>) -> Self {
        Self {
            code: action,
            label: action.label(),
            category: action.category(),
            origin: action.origin(),
            capture: action.capture(),
            system_event: action.system_event(),
            metadata_schema: metadata::schema(action).into_iter().collect(),
            count: usage.map(|usage| usage.count),
            last_seen_at: usage.and_then(|usage| usage.last_at).map(Instant),
        }
    }
}
