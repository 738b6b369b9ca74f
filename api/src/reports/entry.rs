//! An audit entry in a report: flat, so that dashboards can show it without transformation.

use super::columns::{self, Column, Line, optional};
use crate::wire::fields::shown::{FullName, ShownCaseNumber, ShownIpAddress, ShownRequestId, ShownUsername};
use crate::wire::{Error, Instant, Result};
use entity::audit::{Action, ActorType, Category, Outcome, Source};
use entity::registry::field_label;
use entity::report::ListedEntry;
use entity::user::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::{Uuid, uuid};

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
    #[schema(value_type = Option<FullName>)]
    pub actor_full_name: Option<String>,
    #[schema(value_type = Option<Role>)]
    pub actor_role: Option<String>,
    #[schema(max_length = 4000)]
    pub description: String,
    pub case_id: Option<Uuid>,
    #[schema(value_type = Option<ShownCaseNumber>)]
    pub case_number: Option<String>,
    pub related_user_id: Option<Uuid>,
    #[schema(value_type = Option<ShownUsername>)]
    pub related_username: Option<String>,
    #[schema(max_length = 32)]
    pub object_type: String,
    #[schema(max_length = 64)]
    pub object_id: String,
    #[schema(value_type = Option<ShownIpAddress>)]
    pub ip_address: Option<String>,
    #[schema(value_type = ShownRequestId)]
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
    #[schema(value_type = Option<FullName>)]
    pub from_label: Option<String>,
    #[schema(max_length = 4000)]
    pub to: Option<String>,
    /// If the field refers to a user: their full name at the time of the event
    #[schema(value_type = Option<FullName>)]
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
const COLUMNS: [Column<ReportEntry>; 13] = [
    ("id", |entry| entry.id.to_string().into()),
    ("occurred_at", |entry| entity::clock::rfc3339(entry.occurred_at.0).into()),
    ("action_type", |entry| entry.action_type.code().into()),
    ("action_label", |entry| entry.action_label.into()),
    ("category", |entry| entry.category.code().into()),
    ("outcome", |entry| entry.outcome.code().into()),
    ("actor", |entry| entry.actor_label.clone().into()),
    ("actor_role", |entry| optional(entry.actor_role.as_ref())),
    ("description", |entry| entry.description.clone().into()),
    ("case_number", |entry| optional(entry.case_number.as_ref())),
    ("related_user", |entry| optional(entry.related_username.as_ref())),
    ("ip_address", |entry| optional(entry.ip_address.as_ref())),
    ("request_id", |entry| entry.request_id.clone().into()),
];

/// The last columns of every CSV of entries, by which its rows can be joined with others.
const IDS: [Column<ReportEntry>; 6] = [
    ("case_id", |entry| optional(entry.case_id)),
    ("actor_id", |entry| optional(entry.actor_id)),
    ("related_user_id", |entry| optional(entry.related_user_id)),
    ("object_type", |entry| entry.object_type.clone().into()),
    ("object_id", |entry| entry.object_id.clone().into()),
    ("sequence", |entry| optional(entry.sequence)),
];

/// The header of a CSV of entries, with the columns that only this report has.
pub fn header(own: Line) -> Line {
    [columns::header(&COLUMNS), own, columns::header(&IDS)].concat()
}

impl EntryBody {
    pub fn new(row: &ListedEntry) -> Result<Self> {
        serde_json::from_str(&row.body).map_err(|error| Error::internal(error))
    }

    /// A text in the metadata.
    pub fn word(&self, key: &str) -> Option<String> {
        self.metadata.get(key).and_then(Json::as_str).map(str::to_owned)
    }
}

impl ReportEntry {
    pub fn new(row: ListedEntry, body: &EntryBody) -> Result<Self> {
        let ListedEntry { row, sequence } = row;
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
        [columns::line(&COLUMNS, self), own, columns::line(&IDS, self)].concat()
    }

    /// The entry shown in the contract.
    pub fn example() -> Self {
        let (case_id, member_id) = (uuid!("01a1f3b0-1c00-7584-bca5-f00e655c90d2"), uuid!("01a1e3b0-1c00-7584-bca5-f00e655c90d5"));
        Self {
            id: uuid!("01a20725-be30-7584-bca5-f00e655c90d6"),
            occurred_at: Instant::example("2026-11-22T08:00:00.123Z"),
            action_type: Action::CaseSubmitted,
            action_label: Action::CaseSubmitted.label(),
            category: Action::CaseSubmitted.category(),
            outcome: Outcome::Success,
            source: Source::Automatic,
            actor_type: ActorType::User,
            actor_id: Some(member_id),
            actor_label: "member1".to_owned(),
            actor_full_name: Some("Mia Chen".to_owned()),
            actor_role: Some(Role::Member.code().to_owned()),
            description: "Case WS001-2026-11-0042 submitted".to_owned(),
            case_id: Some(case_id),
            case_number: Some("WS001-2026-11-0042".to_owned()),
            related_user_id: None,
            related_username: None,
            object_type: "case".to_owned(),
            object_id: case_id.to_string(),
            ip_address: Some("127.0.0.1".to_owned()),
            request_id: "01a20725-be30-7584-bca5-f00e655c90d7".to_owned(),
            sequence: Some(4711),
        }
    }
}

/// An entry without additional fields.
pub fn plain(row: ListedEntry) -> Result<ReportEntry> {
    let body = EntryBody::new(&row)?;
    ReportEntry::new(row, &body)
}
