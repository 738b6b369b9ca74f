//! The people of a history: their state at each time, and how active they are.

use super::DemoError;
use super::chapter::{Recorder, SimulatedOrigin};
use super::rng::DemoRng;
use chrono::{DateTime, Utc};
use entity::audit::{Actor, AppliedChange, ChangeContext, happen};
use entity::user::{self, Caller, Person};
use std::collections::HashMap;
use uuid::Uuid;

/// A person, with all versions of their row.
#[derive(Clone, Debug)]
pub(super) struct Someone {
    /// One row per change, oldest first; never empty.
    versions: Vec<user::Model>,
    /// Is never assigned cases, since they leave before the end.
    pub leaves: bool,
    ip_address: String,
    user_agent: String,
}

impl Someone {
    pub fn id(&self) -> Uuid {
        self.latest().map_or(Uuid::nil(), |row| row.id)
    }

    pub fn latest(&self) -> Option<&user::Model> {
        self.versions.last()
    }

    /// The person's state at that time; `None` before they joined.
    pub fn at(&self, at: DateTime<Utc>) -> Option<&user::Model> {
        self.versions.iter().rev().find(|row| row.updated_at <= at)
    }

    /// The person's state at that time, if they could sign in.
    pub fn active_at(&self, at: DateTime<Utc>) -> Option<&user::Model> {
        self.at(at).filter(|row| row.is_active)
    }

    pub fn joined_at(&self) -> Option<DateTime<Utc>> {
        self.versions.first().map(|row| row.created_at)
    }

    pub fn origin(&self, at: DateTime<Utc>) -> Option<SimulatedOrigin> {
        let person = Person::new(self.at(at)?);
        let (ip_address, user_agent) = (Some(self.ip_address.clone()), Some(self.user_agent.clone()));
        Some(SimulatedOrigin { actor: Actor::Person(person), ip_address, user_agent })
    }

    pub fn caller(&self, at: DateTime<Utc>) -> Option<Caller> {
        self.at(at).map(|row| Caller::new(row, Uuid::nil()))
    }
}

/// The data of a person who joins.
pub(super) struct Arrival {
    pub row: user::ActiveModel,
    pub leaves: bool,
    pub ip_address: String,
    pub user_agent: String,
    pub at: DateTime<Utc>,
}

/// All people, ordered by activity.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    everyone: Vec<Someone>,
    by_id: HashMap<Uuid, usize>,
}

impl People {
    pub fn iter(&self) -> impl Iterator<Item = &Someone> {
        self.everyone.iter()
    }

    pub fn get(&self, id: Uuid) -> Option<&Someone> {
        self.everyone.get(*self.by_id.get(&id)?)
    }

    pub fn named(&self, username: &str) -> Option<&Someone> {
        self.everyone.iter().find(|person| person.latest().is_some_and(|row| row.username == username))
    }

    pub fn person(&self, id: Uuid, at: DateTime<Utc>) -> Option<Person> {
        self.get(id)?.at(at).map(Person::new)
    }

    /// The active people at a time that match a condition, ordered by activity.
    pub fn those(&self, at: DateTime<Utc>, holds: impl Fn(&user::Model) -> bool) -> Vec<Uuid> {
        let staying = self.everyone.iter().filter(|person| !person.leaves);
        staying.filter_map(|person| person.active_at(at)).filter(|row| holds(row)).map(|row| row.id).collect()
    }

    /// A person who matches a condition; more active people are chosen more often.
    pub fn pick(&self, rng: &mut DemoRng, at: DateTime<Utc>, holds: impl Fn(&user::Model) -> bool) -> Option<Uuid> {
        rng.ranked(&self.those(at, holds)).copied()
    }

    /// Adds a person. Their entries are written by `by`, or by the system if no one exists yet.
    pub fn arrive(&mut self, recorder: &mut Recorder, arrival: Arrival, by: Option<Uuid>) -> Result<Uuid, DemoError> {
        let Arrival { row, leaves, ip_address, user_agent, at } = arrival;
        let mut change_context = ChangeContext::new(self.actor(by, at));
        let change = happen::<user::Entity>(None, row, &mut change_context, |_| None, at)?;
        let AppliedChange { row, events, effects: _ } = change.ok_or(DemoError::Nothing)?;
        let id = row.id;
        let context = recorder.request(self.origin(by, at), at);
        recorder.record(events, &context, at, true);
        self.by_id.insert(id, self.everyone.len());
        self.everyone.push(Someone { versions: vec![row], leaves, ip_address, user_agent });
        Ok(id)
    }

    /// Changes a person; a change without effect leaves nothing.
    pub fn change(
        &mut self,
        recorder: &mut Recorder,
        (id, by, at): (Uuid, Uuid, DateTime<Utc>),
        reason: Option<&str>,
        make: impl FnOnce(user::Model) -> user::ActiveModel,
    ) -> Result<(), DemoError> {
        let before = self.get(id).and_then(|person| person.at(at)).cloned().ok_or(DemoError::NoSuchPerson)?;
        let mut change_context = ChangeContext::new(self.actor(Some(by), at));
        change_context.reason = reason.map(str::to_owned);
        let row = make(before.clone());
        let Some(AppliedChange { row: after, events, effects: _ }) =
            happen::<user::Entity>(Some(&before), row, &mut change_context, |_| None, at)?
        else {
            return Ok(());
        };
        let context = recorder.request(self.origin(Some(by), at), at);
        recorder.record(events, &context, at, true);
        if let Some(person) = self.by_id.get(&id).and_then(|index| self.everyone.get_mut(*index)) {
            person.versions.push(after);
        }
        Ok(())
    }

    /// Moves the named people to the front, and then sorts all by `rank`.
    pub fn sort_by_rank(&mut self, rank: &HashMap<Uuid, usize>) {
        self.everyone.sort_by_key(|person| rank.get(&person.id()).copied().unwrap_or(usize::MAX));
        self.by_id = self.everyone.iter().enumerate().map(|(index, person)| (person.id(), index)).collect();
    }

    fn actor(&self, by: Option<Uuid>, at: DateTime<Utc>) -> Actor {
        by.and_then(|by| self.person(by, at)).map_or(Actor::System, Actor::Person)
    }

    fn origin(&self, by: Option<Uuid>, at: DateTime<Utc>) -> SimulatedOrigin {
        let origin = by.and_then(|by| self.get(by)?.origin(at));
        origin.unwrap_or(SimulatedOrigin { actor: Actor::System, ip_address: None, user_agent: None })
    }
}
