//! What is known of everything that a counter has only counted: the facts of the entry that reports the number.

use super::Model;
use crate::audit::metadata::Metadata;
use crate::audit::{Action, Context, Event, Outcome, key};
use crate::user::Person;
use sea_orm::DbErr;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// The facts that all events of a counter have in common, and of the others those that an entry must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Folded {
    action: Action,
    outcome: Outcome,
    object_type: String,
    /// `various` if the events were about different objects.
    object_id: String,
    case: Option<(Uuid, String)>,
    document: Option<(Uuid, String)>,
    /// The caller; without one, the person that the events were about.
    person_id: Option<Uuid>,
    description: Option<String>,
    metadata: Map<String, Json>,
    ip_address: Option<String>,
}

impl Folded {
    pub fn new(context: &Context, event: Event) -> Self {
        let Event { action, outcome, object, case, document, related_user, description, changes: _, names: _, metadata } = event;
        Self {
            action,
            outcome,
            object_type: object.0.into_owned(),
            object_id: object.1,
            case,
            document,
            person_id: context.actor.id().or(related_user.map(|person| person.id)),
            description: Some(description),
            metadata,
            ip_address: context.ip_address.clone(),
        }
    }

    /// The same without what differs from what was counted before.
    pub fn and(self, before: Option<&str>) -> Self {
        // What another version wrote and this one can't read is not known.
        let Some(before) = before.and_then(|text| serde_json::from_str::<Self>(text).ok()) else { return self };
        let Self { action, outcome, object_type, object_id, case, document, person_id, description, metadata, ip_address } = self;
        let is_one_kind = object_type == before.object_type;
        let is_one_object = is_one_kind && object_id == before.object_id;
        // A success has to have its metadata, and what was read alike differs only in how much was found.
        let is_kept = |name: &str, value: &Json| outcome == Outcome::Success || before.metadata.get(name) == Some(value);
        Self {
            action,
            outcome,
            object_type: if is_one_kind { object_type } else { "object".to_owned() },
            object_id: if is_one_object { object_id } else { "various".to_owned() },
            case: case.filter(|case| before.case.as_ref() == Some(case)),
            document: document.filter(|document| before.document.as_ref() == Some(document)),
            person_id: person_id.filter(|id| before.person_id == Some(*id)),
            description: description.filter(|text| before.description.as_ref() == Some(text)),
            metadata: metadata.into_iter().filter(|(name, value)| is_kept(name, value)).collect(),
            ip_address: ip_address.filter(|address| before.ip_address.as_ref() == Some(address)),
        }
    }

    pub fn text(&self) -> Result<String, DbErr> {
        serde_json::to_string(self).map_err(|error| DbErr::Json(error.to_string()))
    }

    /// What a counter has counted; of one that version 0.1.0 wrote, what its key says.
    pub fn of_row(row: &Model) -> Option<Self> {
        let known = row.folded.as_deref().and_then(|text| serde_json::from_str(text).ok());
        known.or_else(|| Self::of_key(&row.attempt_key))
    }

    /// A key is a user's id or an address, the type of what was refused, and except in those of version 0.1.0 its outcome.
    fn of_key(key: &str) -> Option<Self> {
        let outcome = [Outcome::Failure, Outcome::Denied]
            .into_iter()
            .find_map(|outcome| Some((key.strip_suffix(outcome.code())?.strip_suffix(' ')?, outcome)));
        let (key, outcome) = outcome.unwrap_or((key, Outcome::Denied));
        let (who, action) = key.rsplit_once(' ')?;
        let person_id = Uuid::parse_str(who).ok();
        Some(Self {
            action: Action::from_code(action)?,
            outcome,
            object_type: "object".to_owned(),
            object_id: "various".to_owned(),
            case: None,
            document: None,
            person_id,
            description: None,
            metadata: Map::new(),
            ip_address: Some(who.to_owned()).filter(|who| person_id.is_none() && !who.is_empty()),
        })
    }

    pub fn person_id(&self) -> Option<Uuid> {
        self.person_id
    }

    /// The entry that reports the number, and its origin: the service itself, with the address that was counted.
    pub fn into_report(self, context: &Context, folded_count: i32, people: &HashMap<Uuid, Person>) -> (Context, Event) {
        let related_user = self.person_id.and_then(|id| people.get(&id).cloned());
        let described = self.description.unwrap_or_else(|| format!("Attempts of the type {}", self.action.code()));
        let more = if folded_count == 1 { "once more".to_owned() } else { format!("{folded_count} more times") };
        let empty = Event::new(Metadata::empty(self.action), ("object", String::new()), format!("{described} ({more})"));
        let event = Event {
            outcome: self.outcome,
            object: (self.object_type.into(), self.object_id),
            case: self.case,
            document: self.document,
            related_user,
            metadata: self.metadata,
            ..empty
        };
        // An `other` is known by its event.
        let needs_event = event.action == Action::Other && !event.metadata.contains_key(key::EVENT.name());
        let event = if needs_event { event.with(key::EVENT, "access_denied") } else { event };
        (Context { ip_address: self.ip_address, ..context.clone() }, event.folding(folded_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Actor;
    use serde_json::json;

    fn refused(operation: &str, object: &str) -> Folded {
        let event = Event::denied(Action::CaseHeld, operation, "forbidden", ("case", object.to_owned()));
        Folded::new(&Context { ip_address: Some("192.0.2.7".to_owned()), ..Context::job(Uuid::nil()) }, event)
    }

    fn into_report(folded: Folded, folded_count: i32) -> Event {
        folded.into_report(&Context::job(Uuid::nil()), folded_count, &HashMap::new()).1
    }

    #[test]
    fn what_all_have_in_common_is_kept() {
        let one = refused("hold_case", "1");
        let same = refused("hold_case", "1").and(Some(&one.text().unwrap()));
        assert_eq!(same, one);
        let event = into_report(same, 2);
        assert_eq!((event.action, event.outcome, event.object.1.as_str()), (Action::CaseHeld, Outcome::Denied, "1"));
        assert_eq!(json!(event.metadata), json!({"operation": "hold_case", "code": "forbidden", "folded_count": 2}));
        assert_eq!(event.description, "Refused: hold_case (2 more times)");

        let other = refused("resume_case", "2").and(Some(&one.text().unwrap()));
        let event = into_report(other, 1);
        assert_eq!((&*event.object.0, event.object.1.as_str()), ("case", "various"));
        assert_eq!(json!(event.metadata), json!({"code": "forbidden", "folded_count": 1}));
        assert_eq!(event.description, "Attempts of the type case_held (once more)");
    }

    #[test]
    fn a_counter_of_an_earlier_version_is_told_by_its_key() {
        let id = Uuid::from_u128(7);
        let by_user = Folded::of_key(&format!("{id} case_held")).unwrap();
        assert_eq!((by_user.action, by_user.person_id, &by_user.ip_address), (Action::CaseHeld, Some(id), &None));
        assert_eq!(by_user.outcome, Outcome::Denied);
        let failed = Folded::of_key(&format!("{id} case_held failure")).unwrap();
        assert_eq!(failed, Folded { outcome: Outcome::Failure, ..by_user });
        let by_address = Folded::of_key("2001:db8:: login").unwrap();
        assert_eq!((by_address.person_id, by_address.ip_address.as_deref()), (None, Some("2001:db8::")));
        assert_eq!(into_report(Folded::of_key(" other").unwrap(), 3).metadata.get("event"), Some(&json!("access_denied")));
        assert!(Folded::of_key("nothing").is_none() && Folded::of_key("1 nothing").is_none());
    }

    #[test]
    fn a_repeated_reading_keeps_what_a_success_needs() {
        let context = Context { actor: Actor::System, ..Context::job(Uuid::nil()) };
        let read =
            |rows| Folded::new(&context, Event::report_generated("activity_summary", json!({"since": "2026-12-01"}), rows));
        let event = into_report(read(7).and(Some(&read(5).text().unwrap())), 2);
        assert_eq!(event.metadata.get("row_count"), Some(&json!(7)));
        assert!(event.ensure_metadata().is_ok());
    }
}
