//! The append-only audit entry: `body` is the entry itself, as canonical JSON; the other columns are projections for searching.

use crate::audit::{Context, Event, Refusal};
use crate::clock::{self, rfc3339};
use crate::text;
use crate::user::Person;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use serde_json::{Value as Json, json};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entries")]
pub struct Model {
    /// Sorts by time; contains `occurred_at`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub occurred_at: chrono::DateTime<chrono::Utc>,
    pub action_type: String,
    pub outcome: String,
    pub actor_type: String,
    pub actor_id: Option<Uuid>,
    pub actor_label: String,
    pub case_id: Option<Uuid>,
    pub case_number: Option<String>,
    pub document_id: Option<Uuid>,
    pub related_user_id: Option<Uuid>,
    pub object_type: String,
    pub object_id: String,
    /// The view, job, report, export or event that the entry concerns.
    pub topic: Option<String>,
    pub source: String,
    pub ip_address: Option<String>,
    pub request_id: String,
    /// The API key that the request was made with.
    pub api_key_id: Option<Uuid>,
    /// The changed fields by wire name, each between commas: `,status,held_at,`.
    pub changed_fields: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// Description, usernames, emails and case number in lower case.
    #[sea_orm(column_type = "Text")]
    pub search_text: String,
    #[sea_orm(column_type = "Text")]
    pub body: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModel {
    /// The entry for `event`. Its time is the one inside its id, so the two can't disagree.
    pub(crate) fn new(event: Event, id: Uuid, context: &Context, by_hook: bool) -> Result<Self, Refusal> {
        let occurred_at = clock::instant_of(id).ok_or(Refusal::Body)?;
        let (actor, source) = (&context.actor, context.source(by_hook).code());
        let mut body = json!({
            "id": id,
            "occurred_at": rfc3339(occurred_at),
            "action_type": event.action,
            "outcome": event.outcome,
            "actor_type": actor.kind(),
            "actor": actor.person().map(snapshot),
            "actor_label": actor.label(),
            "api_key_id": context.api_key.as_ref().map(|key| key.id),
            "api_key_name": context.api_key.as_ref().map(|key| &key.name),
            "case": event.case.as_ref().map(|(id, number)| json!({"id": id, "case_number": number})),
            "document": event.document.as_ref().map(|(id, filename)| json!({"id": id, "filename": filename})),
            "related_user": event.related_user.as_ref().map(snapshot),
            "object_type": event.object.0,
            "object_id": event.object.1,
            "description": event.description,
            "changes": event.changes.to_json(),
            "metadata": event.metadata,
            "source": source,
            "ip_address": context.ip_address,
            "user_agent": context.user_agent,
            "request_id": context.request_id,
        });
        if let Some(body) = body.as_object_mut().filter(|_| !event.names.is_empty()) {
            body.insert("names".to_owned(), json!(event.names));
        }
        let body = text::canonical(&body).map_err(|_| Refusal::Body)?;
        Ok(Self {
            id: Set(id),
            occurred_at: Set(occurred_at),
            action_type: Set(event.action.code().to_owned()),
            outcome: Set(event.outcome.code().to_owned()),
            actor_type: Set(actor.kind().code().to_owned()),
            actor_id: Set(actor.id()),
            actor_label: Set(actor.label().to_owned()),
            case_id: Set(event.case.as_ref().map(|(id, _)| *id)),
            case_number: Set(event.case.as_ref().map(|(_, number)| number.clone())),
            document_id: Set(event.document.as_ref().map(|(id, _)| *id)),
            related_user_id: Set(event.related_user.as_ref().map(|person| person.id)),
            object_type: Set(event.object.0.to_string()),
            topic: Set(event.topic().map(str::to_owned)),
            source: Set(source.to_owned()),
            ip_address: Set(context.ip_address.clone()),
            request_id: Set(context.request_id.clone()),
            api_key_id: Set(context.api_key.as_ref().map(|key| key.id)),
            changed_fields: Set(changed_fields(&event)),
            search_text: Set(search_text(&event, context)),
            object_id: Set(event.object.1),
            description: Set(event.description),
            body: Set(body),
        })
    }
}

fn snapshot(person: &Person) -> Json {
    let Person { id, username, full_name, role, user_level: _, email: _ } = person;
    json!({"id": id, "username": username, "full_name": full_name, "role": role})
}

fn changed_fields(event: &Event) -> Option<String> {
    let fields = event.changes.fields();
    (!fields.is_empty()).then(|| format!(",{},", fields.join(",")))
}

fn search_text(event: &Event, context: &Context) -> String {
    let mut words = vec![event.description.as_str(), context.actor.label()];
    for person in context.actor.person().into_iter().chain(event.related_user.as_ref()) {
        words.extend([person.username.as_str(), person.email.as_str()]);
    }
    words.extend(event.case.as_ref().map(|(_, number)| number.as_str()));
    text::lowered(&words.join("\n"))
}

/// Entries are written by the hooks alone and never changed.
#[async_trait::async_trait]
impl ActiveModelBehavior for ActiveModel {
    async fn before_save<C: ConnectionTrait>(self, _db: &C, _insert: bool) -> Result<Self, DbErr> {
        Err(Refusal::AppendOnly("audit_entries").into())
    }

    async fn before_delete<C: ConnectionTrait>(self, _db: &C) -> Result<Self, DbErr> {
        Err(Refusal::AppendOnly("audit_entries").into())
    }
}
