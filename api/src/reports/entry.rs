//! An audit entry in a report: flat, so that dashboards can show it without transformation.

use super::export::Line;
use crate::wire::{Error, Instant, Result};
use entity::audit::{Action, ActorType, Category, Outcome, Source};
use entity::registry::field_label;
use entity::report::Listed;
use entity::user::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// An audit entry in a report
#[derive(Serialize, ToSchema)]
pub struct ReportEntry {
    pub id: Uuid,
    pub occurred_at: Instant,
    pub action_type: Action,
    #[schema(max_length = 64)]
    pub action_label: &'static str,
    pub category: Category,
    pub outcome: Outcome,
    pub source: Source,
    pub actor_type: ActorType,
    pub actor_id: Option<Uuid>,
    /// The username at the time, `System` or `anonymous`
    #[schema(max_length = 64)]
    pub actor_label: String,
    #[schema(max_length = 257)]
    pub actor_full_name: Option<String>,
    #[schema(value_type = Option<Role>)]
    pub actor_role: Option<String>,
    #[schema(max_length = 4000)]
    pub description: String,
    pub case_id: Option<Uuid>,
    #[schema(max_length = 32)]
    pub case_number: Option<String>,
    pub related_user_id: Option<Uuid>,
    #[schema(max_length = 64)]
    pub related_username: Option<String>,
    #[schema(max_length = 32)]
    pub object_type: String,
    #[schema(max_length = 64)]
    pub object_id: String,
    #[schema(max_length = 45)]
    pub ip_address: Option<String>,
    #[schema(max_length = 64)]
    pub request_id: String,
    /// Its place in the sealed log, from 1 and without gaps; null until the entry is sealed
    #[schema(minimum = 1)]
    pub sequence: Option<i64>,
}

/// The parts of an entry that only its body contains.
#[derive(Deserialize)]
pub struct EntryBody {
    outcome: Outcome,
    source: Source,
    actor_type: ActorType,
    actor: Option<Snapshot>,
    related_user: Option<Snapshot>,
    pub changes: Map<String, Json>,
    /// Of the people in `changes`; entries of version 0.1.0 have none.
    #[serde(default)]
    pub names: HashMap<Uuid, String>,
    pub metadata: Map<String, Json>,
}

#[derive(Deserialize)]
struct Snapshot {
    username: String,
    full_name: String,
    role: String,
}

/// A field of a row, before and after a change
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!(FieldChange::example()))]
pub struct FieldChange {
    #[schema(max_length = 64)]
    pub field: String,
    /// Human-readable name of the field, such as `Assigned to`
    #[schema(max_length = 64)]
    pub field_label: String,
    #[schema(max_length = 4000)]
    pub from: Option<String>,
    /// If the field refers to a user: their full name at the time of the event
    #[schema(max_length = 257)]
    pub from_label: Option<String>,
    #[schema(max_length = 4000)]
    pub to: Option<String>,
    /// If the field refers to a user: their full name at the time of the event
    #[schema(max_length = 257)]
    pub to_label: Option<String>,
}

impl FieldChange {
    /// The change shown in the contract.
    pub fn example() -> Self {
        let (from, to) = (Some("accepted".to_owned()), Some("hold".to_owned()));
        Self { field: "status".to_owned(), field_label: field_label("status"), from, from_label: None, to, to_label: None }
    }
}

/// The first columns of every CSV of entries.
const COLUMNS: [&str; 13] = [
    "id",
    "occurred_at",
    "action_type",
    "action_label",
    "category",
    "outcome",
    "actor",
    "actor_role",
    "description",
    "case_number",
    "related_user",
    "ip_address",
    "request_id",
];

/// The last columns of every CSV of entries, by which its rows can be joined with others.
const IDS: [&str; 6] = ["case_id", "actor_id", "related_user_id", "object_type", "object_id", "sequence"];

/// The header of a CSV of entries, with the columns that only this report has.
pub fn header(own: &[&'static str]) -> Line {
    COLUMNS.iter().chain(own).chain(&IDS).map(|name| (*name).into()).collect()
}

impl EntryBody {
    pub fn new(row: &Listed) -> Result<Self> {
        serde_json::from_str(&row.body).map_err(|error| Error::internal(error))
    }

    /// A text in the metadata.
    pub fn word(&self, key: &str) -> Option<String> {
        self.metadata.get(key).and_then(Json::as_str).map(str::to_owned)
    }
}

impl ReportEntry {
    pub fn new(row: Listed, body: &EntryBody) -> Result<Self> {
        let Listed { row, sequence } = row;
        let action = Action::from_code(&row.action_type).ok_or_else(|| Error::internal(format!("action {}", row.action_type)))?;
        Ok(Self {
            id: row.id,
            occurred_at: row.occurred_at.into(),
            action_type: action,
            action_label: action.label(),
            category: action.category(),
            outcome: body.outcome,
            source: body.source,
            actor_type: body.actor_type,
            actor_id: row.actor_id,
            actor_label: row.actor_label,
            actor_full_name: body.actor.as_ref().map(|actor| actor.full_name.clone()),
            actor_role: body.actor.as_ref().map(|actor| actor.role.clone()),
            description: row.description,
            case_id: row.case_id,
            case_number: row.case_number,
            related_user_id: row.related_user_id,
            related_username: body.related_user.as_ref().map(|person| person.username.clone()),
            object_type: row.object_type,
            object_id: row.object_id,
            ip_address: row.ip_address,
            request_id: row.request_id,
            sequence,
        })
    }

    /// The line below such a header, with the cells of this report's own columns.
    pub fn line(&self, own: Line) -> Line {
        self.cells().into_iter().chain(own).chain(self.ids()).collect()
    }

    /// The cells for `IDS`.
    fn ids(&self) -> [Cow<'static, str>; 6] {
        let some = |id: Option<Uuid>| Cow::Owned(id.map(|id| id.to_string()).unwrap_or_default());
        [
            some(self.case_id),
            some(self.actor_id),
            some(self.related_user_id),
            self.object_type.clone().into(),
            self.object_id.clone().into(),
            self.sequence.map(|sequence| sequence.to_string()).unwrap_or_default().into(),
        ]
    }

    /// The cells for `COLUMNS`.
    fn cells(&self) -> [Cow<'static, str>; 13] {
        let some = |text: &Option<String>| Cow::Owned(text.clone().unwrap_or_default());
        [
            self.id.to_string().into(),
            entity::clock::rfc3339(self.occurred_at.0).into(),
            self.action_type.code().into(),
            self.action_label.into(),
            self.category.code().into(),
            self.outcome.code().into(),
            self.actor_label.clone().into(),
            some(&self.actor_role),
            self.description.clone().into(),
            some(&self.case_number),
            some(&self.related_username),
            some(&self.ip_address),
            self.request_id.clone().into(),
        ]
    }
}

/// An entry without additional fields.
pub fn plain(row: Listed) -> Result<ReportEntry> {
    let body = EntryBody::new(&row)?;
    ReportEntry::new(row, &body)
}
