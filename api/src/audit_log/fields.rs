//! List the audited fields.

use crate::http::{Answer, Anyone, NoParameters, Query};
use crate::wire::{CommonProblems, Result};
use actix_web::get;
use entity::registry;
use serde::Serialize;
use utoipa::ToSchema;

/// A value of an audited field, as `changed_from` and `changed_to` take it
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, max_length = 64, example = "tier_2")]
pub struct AuditedFieldValue(String);

/// A field that audit entries can show as changed
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"name": "tier", "label": "Tier", "values": ["tier_1", "tier_2", "tier_3"]}))]
pub struct AuditedFieldDetail {
    /// Its name in `changes`, as `changed_field` takes it
    #[schema(max_length = 64)]
    pub name: &'static str,
    /// Human-readable name: `field_label` of a change
    #[schema(max_length = 64)]
    pub label: String,
    /// The values that it can have besides null, if they come from a closed list; otherwise empty
    #[schema(max_items = 100)]
    pub values: Vec<AuditedFieldValue>,
}

/// The complete catalogue of audited fields, by name
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"data": [
    {"name": "tier", "label": "Tier", "values": ["tier_1", "tier_2", "tier_3"]},
    {"name": "time_zone", "label": "Time zone", "values": []}
]}))]
pub struct AuditedFieldList {
    #[schema(max_items = 1000)]
    pub data: Vec<AuditedFieldDetail>,
}

/// List the audited fields
///
/// Returns the fields that audit entries can show as changed: the values of `changed_field`.
#[utoipa::path(
    tag = "audit-log",
    responses((status = OK, description = "The catalogue", body = AuditedFieldList), CommonProblems),
    extensions(
        ("x-audit-actions" = json!({"always": [], "may": [], "denied": entity::audit::Action::Other})),
        ("x-audit-reason" = json!("the catalogue reveals no entry")),
    ),
)]
#[get("/audited-fields")]
pub async fn list_audited_fields(_: Anyone, _: Query<NoParameters>) -> Result<Answer<AuditedFieldList>> {
    let values = |name| registry::known_values(name).into_iter().map(AuditedFieldValue).collect();
    let field = |name| AuditedFieldDetail { name, label: registry::field_label(name), values: values(name) };
    Ok(Answer::plain(AuditedFieldList { data: registry::changed_fields().into_iter().map(field).collect() }))
}
