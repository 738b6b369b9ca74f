//! An audit entry as a line of an export: the same members as in the log, but the values are those of the stored body, written as
//! they are. Reading them into values first would cost some allocations for each, a million times.

use crate::wire::{Error, Result};
use entity::audit::{Action, Category};
use entity::audit_log::Entry;
use entity::registry::{field_label, is_person};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The names of people whom entries of version 0.1.0 do not name; `None` for an id without a user.
pub type PeopleNames = HashMap<Uuid, Option<String>>;

/// An entry, with the members of `AuditEntry`.
#[derive(Serialize)]
pub struct EntryLine<'a> {
    pub id: &'a RawValue,
    pub sequence: Option<i64>,
    pub occurred_at: &'a RawValue,
    pub action_type: Action,
    pub action_label: &'static str,
    pub category: Category,
    pub outcome: &'a RawValue,
    pub source: &'a RawValue,
    pub actor_type: &'a RawValue,
    pub actor: Option<PersonLine<'a>>,
    pub actor_label: &'a RawValue,
    pub api_key_id: Option<&'a RawValue>,
    pub api_key_name: Option<&'a RawValue>,
    pub description: &'a RawValue,
    pub case: Option<CaseLine<'a>>,
    pub document: Option<DocumentLine<'a>>,
    pub related_user: Option<PersonLine<'a>>,
    pub object_type: &'a RawValue,
    pub object_id: &'a RawValue,
    pub changes: BTreeMap<&'a str, ChangeLine<'a>>,
    pub metadata: &'a RawValue,
    pub ip_address: Option<&'a RawValue>,
    pub user_agent: Option<&'a RawValue>,
    pub request_id: &'a RawValue,
}

/// A person, with the name and role at the time of the event.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct PersonLine<'a> {
    #[serde(borrow)]
    pub id: &'a RawValue,
    #[serde(borrow)]
    pub username: &'a RawValue,
    #[serde(borrow)]
    pub full_name: &'a RawValue,
    #[serde(borrow)]
    role: &'a RawValue,
}

/// The case of an entry.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct CaseLine<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    pub case_number: &'a RawValue,
}

/// The document of an entry.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct DocumentLine<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    filename: &'a RawValue,
}

/// A changed field.
#[derive(Serialize)]
pub struct ChangeLine<'a> {
    field_label: &'a str,
    from: &'a RawValue,
    from_label: Option<EntryPersonName<'a>>,
    to: &'a RawValue,
    to_label: Option<EntryPersonName<'a>>,
}

/// The name of a person whose id a field had as a value.
#[derive(Serialize)]
#[serde(untagged)]
enum EntryPersonName<'a> {
    /// As the entry has it.
    Stored(&'a RawValue),
    Loaded(&'a str),
}

/// The body of an entry, as stored.
#[derive(Deserialize)]
struct StoredBody<'a> {
    /// Not in the body, but beside it: the place of the entry in the sealed log.
    #[serde(skip)]
    sequence: Option<i64>,
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    occurred_at: &'a RawValue,
    action_type: Action,
    #[serde(borrow)]
    outcome: &'a RawValue,
    #[serde(borrow)]
    source: &'a RawValue,
    #[serde(borrow)]
    actor_type: &'a RawValue,
    #[serde(borrow)]
    actor: Option<PersonLine<'a>>,
    #[serde(borrow)]
    actor_label: &'a RawValue,
    /// Entries of version 0.1 have neither.
    #[serde(borrow, default)]
    api_key_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    api_key_name: Option<&'a RawValue>,
    #[serde(borrow)]
    description: &'a RawValue,
    #[serde(borrow)]
    case: Option<CaseLine<'a>>,
    #[serde(borrow)]
    document: Option<DocumentLine<'a>>,
    #[serde(borrow)]
    related_user: Option<PersonLine<'a>>,
    #[serde(borrow)]
    object_type: &'a RawValue,
    #[serde(borrow)]
    object_id: &'a RawValue,
    #[serde(borrow)]
    changes: BTreeMap<String, StoredChange<'a>>,
    /// Of the people in `changes`, by their ids; entries of version 0.1.0 have none.
    #[serde(borrow, default)]
    names: HashMap<String, &'a RawValue>,
    #[serde(borrow)]
    metadata: &'a RawValue,
    #[serde(borrow)]
    ip_address: Option<&'a RawValue>,
    #[serde(borrow)]
    user_agent: Option<&'a RawValue>,
    #[serde(borrow)]
    request_id: &'a RawValue,
}

#[derive(Deserialize)]
struct StoredChange<'a> {
    #[serde(borrow)]
    from: &'a RawValue,
    #[serde(borrow)]
    to: &'a RawValue,
}

/// What lines are made into.
pub enum Lines<T> {
    Written(T),
    /// The names of these people are missing.
    Unnamed(Vec<Uuid>),
}

/// Makes entries into something, in their order: all of them, or none if names are missing.
pub fn with_lines<T>(
    entries: &[Entry],
    names: &PeopleNames,
    write: impl FnOnce(&[EntryLine<'_>]) -> Result<T>,
) -> Result<Lines<T>> {
    let bodies = entries.iter().map(StoredBody::read).collect::<Result<Vec<_>>>()?;
    lines_of(&bodies, names, write)
}

/// The same for one entry that is not stored: the example in the contract.
pub fn with_line<T>(body: &str, write: impl FnOnce(&[EntryLine<'_>]) -> Result<T>) -> Result<Lines<T>> {
    let body: StoredBody<'_> = serde_json::from_str(body).map_err(|error| Error::internal(error))?;
    lines_of(&[body], &PeopleNames::new(), write)
}

fn lines_of<T>(
    bodies: &[StoredBody<'_>],
    names: &PeopleNames,
    write: impl FnOnce(&[EntryLine<'_>]) -> Result<T>,
) -> Result<Lines<T>> {
    let mut unnamed: Vec<Uuid> = bodies.iter().flat_map(StoredBody::unnamed).filter(|id| !names.contains_key(id)).collect();
    if !unnamed.is_empty() {
        unnamed.sort_unstable();
        unnamed.dedup();
        return Ok(Lines::Unnamed(unnamed));
    }
    let mut labels: HashMap<&str, String> = HashMap::new();
    for field in bodies.iter().flat_map(|body| body.changes.keys()) {
        labels.entry(field).or_insert_with(|| field_label(field));
    }
    let lines: Vec<EntryLine<'_>> = bodies.iter().map(|body| body.line(names, &labels)).collect();
    write(&lines).map(Lines::Written)
}

/// What is between the quotation marks of a JSON string, with its escapes.
fn unquoted(value: &RawValue) -> Option<&str> {
    value.get().strip_prefix('"')?.strip_suffix('"')
}

/// The text of a JSON string; empty if the value is none.
pub fn text(value: &RawValue) -> Result<Cow<'_, str>> {
    match unquoted(value) {
        Some(text) if text.contains('\\') => {
            serde_json::from_str(value.get()).map(Cow::Owned).map_err(|error| Error::internal(error))
        }
        Some(text) => Ok(Cow::Borrowed(text)),
        None => Ok(Cow::Borrowed("")),
    }
}

/// The user whose id a changed field had as a value.
fn person(field: &str, value: &RawValue) -> Option<Uuid> {
    unquoted(value).filter(|_| is_person(field)).and_then(|id| id.parse().ok())
}

impl<'a> StoredBody<'a> {
    fn read(entry: &'a Entry) -> Result<Self> {
        let unreadable = |error| Error::internal(format!("entry {} can't be read: {error}", entry.id));
        let body: Self = serde_json::from_str(&entry.body).map_err(unreadable)?;
        Ok(Self { sequence: entry.sequence, ..body })
    }
}

impl StoredBody<'_> {
    /// The people in its changes whose names it does not contain.
    fn unnamed(&self) -> impl Iterator<Item = Uuid> {
        let values = self.changes.iter().flat_map(|(field, change)| [(field, change.from), (field, change.to)]);
        values.filter_map(move |(field, value)| person(field, value).filter(|_| self.name(value).is_none()))
    }

    /// The name of a person as the entry has it, by their id.
    fn name(&self, id: &RawValue) -> Option<&RawValue> {
        let snapshot = [&self.actor, &self.related_user].into_iter().flatten().find(|person| person.id.get() == id.get());
        let name = unquoted(id).and_then(|id| self.names.get(id)).copied();
        name.or(snapshot.map(|person| person.full_name))
    }

    fn line<'b>(&'b self, names: &'b PeopleNames, labels: &'b HashMap<&str, String>) -> EntryLine<'b> {
        EntryLine {
            id: self.id,
            sequence: self.sequence,
            occurred_at: self.occurred_at,
            action_type: self.action_type,
            action_label: self.action_type.label(),
            category: self.action_type.category(),
            outcome: self.outcome,
            source: self.source,
            actor_type: self.actor_type,
            actor: self.actor,
            actor_label: self.actor_label,
            api_key_id: self.api_key_id,
            api_key_name: self.api_key_name,
            description: self.description,
            case: self.case,
            document: self.document,
            related_user: self.related_user,
            object_type: self.object_type,
            object_id: self.object_id,
            changes: self.changes.iter().map(|(field, change)| (&**field, self.change(field, change, names, labels))).collect(),
            metadata: self.metadata,
            ip_address: self.ip_address,
            user_agent: self.user_agent,
            request_id: self.request_id,
        }
    }

    fn change<'b>(
        &'b self,
        field: &str,
        change: &'b StoredChange<'_>,
        names: &'b PeopleNames,
        labels: &'b HashMap<&str, String>,
    ) -> ChangeLine<'b> {
        let name = |value: &'b RawValue| {
            let id = person(field, value)?;
            let loaded = names.get(&id).and_then(Option::as_deref).map(EntryPersonName::Loaded);
            self.name(value).map(EntryPersonName::Stored).or(loaded)
        };
        ChangeLine {
            field_label: labels.get(field).map_or("", String::as_str),
            from: change.from,
            from_label: name(change.from),
            to: change.to,
            to_label: name(change.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::AuditEntry;
    use crate::wire::ndjson;
    use serde_json::{Value as Json, json};

    fn written(lines: &[EntryLine<'_>]) -> Result<Json> {
        let text = ndjson::rows(lines)?;
        serde_json::from_slice(&text).map_err(|error| Error::internal(error))
    }

    fn line(body: &Json) -> Json {
        match with_line(&body.to_string(), written).unwrap() {
            Lines::Written(line) => line,
            Lines::Unnamed(people) => panic!("{people:?}"),
        }
    }

    #[test]
    fn a_line_has_the_members_of_an_entry_in_the_log() {
        let example = json!(AuditEntry::example());
        assert_eq!(line(&example), example);
        let mut old = example.clone();
        for (member, value) in [("document", json!({"id": "x", "filename": "a\u{2028}\".pdf"})), ("ip_address", Json::Null)] {
            old[member] = value;
        }
        let mut body = old.clone();
        body.as_object_mut().unwrap().retain(|member, _| !member.starts_with("api_key"));
        assert_eq!(line(&body), old);
    }

    #[test]
    fn people_are_named_by_the_entry_or_by_what_was_loaded() {
        let ids = ["01a20725-be30-7584-bca5-f00e655c90d1", "01a20725-be30-7584-bca5-f00e655c90d2"];
        let mut body = json!(AuditEntry::example());
        body["changes"] = json!({"assigned_to_id": {"from": ids[0], "to": ids[1]}, "status": {"from": ids[0], "to": null}});
        body["names"] = json!({ids[0]: "Ada Moss"});
        match with_line(&body.to_string(), written).unwrap() {
            Lines::Unnamed(people) => assert_eq!(people, [ids[1].parse::<Uuid>().unwrap()]),
            Lines::Written(line) => panic!("{line}"),
        }
        let entry = Entry { id: Uuid::nil(), sequence: Some(7), body: body.to_string() };
        let names = PeopleNames::from([(ids[1].parse().unwrap(), Some("Tom Reyes".to_owned()))]);
        let Lines::Written(line) = with_lines(&[entry], &names, written).unwrap() else { panic!("all are named") };
        let assigned = &line["changes"]["assigned_to_id"];
        assert_eq!((&assigned["from_label"], &assigned["to_label"]), (&json!("Ada Moss"), &json!("Tom Reyes")));
        assert_eq!(line["changes"]["status"]["from_label"], Json::Null, "no person");
        assert_eq!((&line["sequence"], line.get("names")), (&json!(7), None));
    }

    #[test]
    fn the_text_of_a_value_has_no_escapes() {
        for value in [json!("plain"), json!("a\"b\\c\nd\u{7}é\u{2028}"), json!("")] {
            let raw: Box<RawValue> = serde_json::from_str(&value.to_string()).unwrap();
            assert_eq!(text(&raw).unwrap(), value.as_str().unwrap());
        }
        let null: Box<RawValue> = serde_json::from_str("null").unwrap();
        assert_eq!(text(&null).unwrap(), "");
    }
}
