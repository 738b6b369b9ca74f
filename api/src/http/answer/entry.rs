//! An audit entry as shown in the log, in a case's log and in reports.

use crate::wire::fields::shown::{
    FullName, ShownApiKeyName, ShownCaseNumber, ShownFilename, ShownIpAddress, ShownRequestId, ShownUserAgent, ShownUsername,
};
use crate::wire::{Error, Instant, Result};
use entity::audit::{Action, ActorType, Audited, Category, Outcome, Source};
use entity::audit_log::{Entry, MemberView};
use entity::case::{self, CaseStatus};
use entity::registry::{field_label, is_person};
use entity::user::{self, Role};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
// utoipa recognises the type only by this name.
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;
use uuid::{Uuid, uuid};

/// A person, with the name and role at the time of the event
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryPerson {
    pub id: Uuid,
    #[schema(value_type = ShownUsername)]
    pub username: String,
    #[schema(value_type = FullName)]
    pub full_name: String,
    pub role: Role,
}

/// The case an entry belongs to
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryCase {
    pub id: Uuid,
    #[schema(value_type = ShownCaseNumber)]
    pub case_number: String,
}

/// The document an entry belongs to
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryDocument {
    pub id: Uuid,
    #[schema(value_type = ShownFilename)]
    pub filename: String,
}

/// A field before and after a change: values as the resource shows them, long texts as length and digest
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryChange {
    /// Human-readable name of the field, such as `Assigned to`
    #[schema(max_length = 64)]
    pub field_label: String,
    /// Value before the change; null if there was none
    pub from: Value,
    /// If `from` is the id of a user: their full name at the time of the event
    #[schema(value_type = Option<FullName>)]
    pub from_label: Option<String>,
    /// Value after the change; null if there is none
    pub to: Value,
    /// If `to` is the id of a user: their full name at the time of the event
    #[schema(value_type = Option<FullName>)]
    pub to_label: Option<String>,
}

/// An entry of the audit log
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!(AuditEntry::example()))]
pub struct AuditEntry {
    pub id: Uuid,
    /// Its place in the sealed log: places start at 1 and have no gaps. Assigned shortly after the entry is committed; null until
    /// then, and always null for members
    #[schema(minimum = 1)]
    pub sequence: Option<i64>,
    pub occurred_at: Instant,
    pub action_type: Action,
    /// Human-readable label of the action type
    #[schema(max_length = 64)]
    pub action_label: String,
    pub category: Category,
    pub outcome: Outcome,
    pub source: Source,
    pub actor_type: ActorType,
    /// Null for the service itself and for unauthenticated requests
    pub actor: Option<EntryPerson>,
    /// The username, `System` or `anonymous`
    #[schema(max_length = 64)]
    pub actor_label: String,
    /// The API key that the request was made with; null for every other request, and in a member's view
    pub api_key_id: Option<Uuid>,
    /// The name of that key at the time of the event
    #[schema(value_type = Option<ShownApiKeyName>)]
    pub api_key_name: Option<String>,
    #[schema(max_length = 10000)]
    pub description: String,
    pub case: Option<EntryCase>,
    pub document: Option<EntryDocument>,
    /// The person whom the event concerns, if that isn't only the actor
    pub related_user: Option<EntryPerson>,
    /// Type of the object acted on
    #[schema(max_length = 32)]
    pub object_type: String,
    #[schema(max_length = 64)]
    pub object_id: String,
    /// Every field whose value changed, by its name in the API
    pub changes: BTreeMap<String, EntryChange>,
    /// The keys that the action type requires, and additional ones. `folded_count` is the number of attempts or readings like
    /// this one that had no entry of their own, since only so many are recorded within a time; in an entry by the service itself
    /// it is all that the entry reports
    pub metadata: BTreeMap<String, Value>,
    /// Null for the service itself, and in a member's view
    #[schema(value_type = Option<ShownIpAddress>)]
    pub ip_address: Option<String>,
    /// Null for the service itself, and in a member's view
    #[schema(value_type = Option<ShownUserAgent>)]
    pub user_agent: Option<String>,
    /// The same for all entries of one request
    #[schema(value_type = ShownRequestId)]
    pub request_id: String,
}

/// A change in the body of an entry.
#[derive(Deserialize)]
struct ParsedChange {
    from: Value,
    to: Value,
}

/// The body of an entry, as stored.
#[derive(Deserialize)]
struct ParsedBody {
    id: Uuid,
    occurred_at: Instant,
    action_type: Action,
    outcome: Outcome,
    source: Source,
    actor_type: ActorType,
    actor: Option<EntryPerson>,
    actor_label: String,
    /// Entries of version 0.1 have neither.
    #[serde(default)]
    api_key_id: Option<Uuid>,
    #[serde(default)]
    api_key_name: Option<String>,
    description: String,
    case: Option<EntryCase>,
    document: Option<EntryDocument>,
    related_user: Option<EntryPerson>,
    object_type: String,
    object_id: String,
    changes: BTreeMap<String, ParsedChange>,
    /// Of the people in `changes`; entries of version 0.1.0 have none.
    #[serde(default)]
    names: HashMap<Uuid, String>,
    metadata: BTreeMap<String, Value>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    request_id: String,
}

impl AuditEntry {
    /// The entry shown in the contract.
    pub fn example() -> Self {
        let action_type = Action::CaseHeld;
        let (id, username) = (uuid!("01a20725-be30-7584-bca5-f00e655c90d6"), "tech2".to_owned());
        let actor = EntryPerson { id, username: username.clone(), full_name: "Tom Reyes".into(), role: Role::Technician };
        let case_id = uuid!("01a20725-be30-7584-bca5-f00e655c90d7");
        Self {
            id: uuid!("01a2071e-0bfb-7584-bca5-f00e655c90d6"),
            sequence: None,
            occurred_at: Instant::example("2026-11-22T08:00:00.123Z"),
            action_type,
            action_label: action_type.label().to_owned(),
            category: action_type.category(),
            outcome: Outcome::Success,
            source: Source::Automatic,
            actor_type: ActorType::User,
            actor: Some(actor),
            actor_label: username,
            api_key_id: None,
            api_key_name: None,
            description: "Case WS001-2026-11-0042 placed on hold: waiting for pay stub".into(),
            case: Some(EntryCase { id: case_id, case_number: "WS001-2026-11-0042".into() }),
            document: None,
            related_user: None,
            object_type: case::Entity::OBJECT.to_owned(),
            object_id: case_id.to_string(),
            changes: [("status".into(), EntryChange::example())].into(),
            metadata: [("reason".into(), json!("waiting for pay stub"))].into(),
            ip_address: Some("127.0.0.1".into()),
            user_agent: Some("curl/8.5.0".into()),
            request_id: "01a20725-be30-7584-bca5-f00e655c90d8".into(),
        }
    }

    /// The complete stored entries, in their order: one query for the names of people that some of them don't contain, if any.
    pub async fn all<C: ConnectionTrait>(db: &C, entries: &[Entry]) -> Result<Vec<Self>> {
        let mut bodies = entries.iter().map(ParsedBody::new).collect::<Result<Vec<_>>>()?;
        let mut unnamed: Vec<Uuid> = bodies.iter().flat_map(ParsedBody::unnamed).collect();
        unnamed.sort_unstable();
        unnamed.dedup();
        let names: HashMap<Uuid, String> =
            user::people(db, unnamed).await?.into_iter().map(|person| (person.id, person.full_name)).collect();
        for body in &mut bodies {
            let known: Vec<_> = body.unnamed().filter_map(|id| names.get_key_value(&id)).collect();
            body.names.extend(known.into_iter().map(|(id, name)| (*id, name.clone())));
        }
        let shown = |(entry, body): (&Entry, ParsedBody)| Self { sequence: entry.sequence, ..Self::new(body) };
        Ok(entries.iter().zip(bodies).map(shown).collect())
    }

    fn new(body: ParsedBody) -> Self {
        let changes = body.labelled_changes();
        Self {
            id: body.id,
            sequence: None,
            occurred_at: body.occurred_at,
            action_label: body.action_type.label().to_owned(),
            category: body.action_type.category(),
            action_type: body.action_type,
            outcome: body.outcome,
            source: body.source,
            actor_type: body.actor_type,
            actor: body.actor,
            actor_label: body.actor_label,
            api_key_id: body.api_key_id,
            api_key_name: body.api_key_name,
            description: body.description,
            case: body.case,
            document: body.document,
            related_user: body.related_user,
            object_type: body.object_type,
            object_id: body.object_id,
            changes,
            metadata: body.metadata,
            ip_address: body.ip_address,
            user_agent: body.user_agent,
            request_id: body.request_id,
        }
    }

    /// The part of the entry that the case's member may see.
    pub fn as_seen_by_its_member(mut self, view: &MemberView) -> Self {
        if view.ends_review(self.id) {
            self.become_end_of_review();
        }
        let action = self.action_type;
        let is_case = self.object_type == case::Entity::OBJECT;
        self.changes.retain(|field, _| is_case && MemberView::ever_shows_field(field));
        self.metadata.retain(|key, _| MemberView::shows_metadata(action, key));
        // What is missing between two sequences would tell how much happens elsewhere.
        Self { sequence: None, api_key_id: None, api_key_name: None, ip_address: None, user_agent: None, ..self }
    }

    /// What the entry would be if a review had sent the case back, in place of a completion that was reverted.
    fn become_end_of_review(&mut self) {
        let (from, to) = (CaseStatus::PendingReview, CaseStatus::Accepted);
        self.changes.retain(|field, _| field == "status");
        self.changes.values_mut().for_each(|change| change.from = json!(from.code()));
        self.description = self.case.as_ref().map(|case| case::moved(&case.case_number, from, to)).unwrap_or_default();
    }
}

impl EntryChange {
    /// The change in the contract's example of an entry.
    fn example() -> Self {
        let (from, to) = (json!("accepted"), json!("hold"));
        Self { field_label: field_label("status"), from, from_label: None, to, to_label: None }
    }
}

impl ParsedBody {
    fn new(entry: &Entry) -> Result<Self> {
        let unreadable = |error| Error::internal(format!("entry {} can't be read: {error}", entry.id));
        serde_json::from_str(&entry.body).map_err(unreadable)
    }

    /// The people in its changes whose names it does not contain.
    fn unnamed(&self) -> impl Iterator<Item = Uuid> {
        let people = self.changes.iter().flat_map(|(field, change)| [&change.from, &change.to].map(|value| person(field, value)));
        people.flatten().filter(move |id| self.name(*id).is_none())
    }

    /// The name of a person as the entry has it.
    fn name(&self, id: Uuid) -> Option<&str> {
        let snapshot = [&self.actor, &self.related_user].into_iter().flatten().find(|person| person.id == id);
        self.names.get(&id).or(snapshot.map(|person| &person.full_name)).map(String::as_str)
    }

    fn labelled_changes(&self) -> BTreeMap<String, EntryChange> {
        let labelled = |(field, change): (&String, &ParsedChange)| {
            let label = |value: &Value| person(field, value).and_then(|id| self.name(id)).map(str::to_owned);
            let (from_label, to_label) = (label(&change.from), label(&change.to));
            let (from, to) = (change.from.clone(), change.to.clone());
            (field.clone(), EntryChange { field_label: field_label(field), from, from_label, to, to_label })
        };
        self.changes.iter().map(labelled).collect()
    }
}

/// The user whose id a changed field had as a value.
pub fn person(field: &str, value: &Value) -> Option<Uuid> {
    value.as_str().filter(|_| is_person(field)).and_then(|id| id.parse().ok())
}
