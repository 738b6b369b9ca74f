//! What people do besides working on cases: they sign in, read the log, audit trails and reports, and sign out.

use super::calendar::{self, Calendar};
use super::chapter::{Recorder, SimulatedOrigin};
use super::people::{People, Someone};
use super::rng::{DemoRng, HistoryPart};
use super::walk::CaseState;
use super::{DemoError, ingest, reading};
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{Actor, Event};
use entity::document::{self, DocumentType};
use entity::user::{Person, Role};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

const FAILED_LOGINS: f64 = 0.04;
const UNKNOWN_NAMES: f64 = 0.005;
const DENIED: f64 = 0.015;
/// The share of documents among what is looked at of a case.
const DOCUMENTS: f64 = 0.3;
const DOWNLOADS: f64 = 0.6;
/// The share of reports among the requests of a service account.
const REPORTS: f64 = 0.5;

/// Everything a visitor can read, and the random numbers.
#[derive(Debug)]
pub(super) struct Visits {
    pub rng: DemoRng,
    pub cases: Vec<CaseState>,
    /// The cases a person may read, as their member or assignee.
    own: HashMap<Uuid, Vec<usize>>,
    /// Some entries that are viewed individually.
    pub entries: Vec<(Uuid, DateTime<Utc>)>,
    visitors: Vec<Uuid>,
    pub last_logins: BTreeMap<Uuid, DateTime<Utc>>,
}

impl Visits {
    pub fn new(seed: u64, cases: Vec<CaseState>, entries: Vec<(Uuid, DateTime<Utc>)>, people: &People) -> Self {
        let mut own: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (index, case) in cases.iter().enumerate() {
            for id in [Some(case.member_id), case.assigned_to_id].into_iter().flatten() {
                own.entry(id).or_default().push(index);
            }
        }
        let visitors = people.iter().map(Someone::id).collect();
        Self { rng: DemoRng::new(seed, HistoryPart::Visits, 0), cases, own, entries, visitors, last_logins: BTreeMap::new() }
    }

    /// One visit of a person, cut off when the planned number of entries is reached.
    pub fn write_one(
        &mut self,
        calendar: &Calendar,
        people: &People,
        recorder: &mut Recorder,
        room: u64,
    ) -> Result<(), DemoError> {
        let visitor = self.rng.ranked(&self.visitors).and_then(|id| people.get(*id)).ok_or(DemoError::NoSuchPerson)?;
        let joined_at = visitor.joined_at().ok_or(DemoError::NoSuchPerson)?;
        let at = calendar.within(&mut self.rng, joined_at + TimeDelta::minutes(2), calendar.now);
        let Some(row) = visitor.active_at(at) else { return Ok(()) };
        let person = Person::new(row);
        let origin = visitor.origin(at).ok_or(DemoError::NoSuchPerson)?;
        let entries = if row.role == Role::Service { self.feed(&person, at) } else { self.visit(&person, &origin, at) };
        for (event, at) in entries.into_iter().filter(|(_, at)| *at <= calendar.now).take(room.try_into().unwrap_or(usize::MAX)) {
            let anonymous = SimulatedOrigin { actor: Actor::Anonymous, ..origin.clone() };
            let is_anonymous = event.action == entity::audit::Action::Login && event.outcome != entity::audit::Outcome::Success;
            let context = recorder.request(if is_anonymous { anonymous } else { origin.clone() }, at);
            recorder.record(vec![event], &context, at, false);
        }
        Ok(())
    }

    /// From sign-in to sign-out.
    fn visit(&mut self, person: &Person, origin: &SimulatedOrigin, at: DateTime<Utc>) -> Vec<(Event, DateTime<Utc>)> {
        let user_agent = origin.user_agent.as_deref();
        let mut entries = Vec::new();
        if self.rng.chance(UNKNOWN_NAMES) {
            entries.push((Event::login_failed("", None, "unknown_username", user_agent), at));
            return entries;
        }
        let mut at = at;
        while self.rng.chance(FAILED_LOGINS) {
            entries.push((Event::login_failed(&person.username, Some(person), "wrong_password", user_agent), at));
            at += TimeDelta::milliseconds(self.rng.between(2_000, 30_000));
        }
        let session_id = Uuid::from_u128(u128::from_be_bytes(std::array::from_fn(|_| self.byte())));
        let started_at = at;
        entries.push((Event::login(person, session_id, user_agent), at));
        let last = self.last_logins.entry(person.id).or_insert(at);
        *last = at.max(*last);
        let looks = match person.role {
            Role::Manager | Role::Administrator => self.rng.between(2, 9),
            Role::Technician => self.rng.between(1, 5),
            Role::Member | Role::Service => self.rng.between(0, 3),
        };
        for _ in 0..looks {
            at += TimeDelta::milliseconds(self.rng.between(5_000, 400_000));
            entries.extend(self.look(person, at).map(|event| (event, at)));
        }
        if self.rng.chance(0.6) {
            at += TimeDelta::milliseconds(self.rng.between(5_000, 900_000));
            entries.push((Event::logout(person, session_id, (at - started_at).num_seconds()), at));
        }
        entries
    }

    fn look(&mut self, person: &Person, at: DateTime<Utc>) -> Option<Event> {
        let manages = matches!(person.role, Role::Manager | Role::Administrator);
        if !manages && self.rng.chance(DENIED) {
            return Some(reading::denied(&mut self.rng));
        }
        if manages && !self.rng.chance(0.2) {
            return Some(reading::by_manager(self, person, at));
        }
        if self.rng.chance(DOCUMENTS) { self.document(person, at) } else { self.case_trail(person, at) }
    }

    /// A service account reads the log and the reports, reports what other systems did, and never signs in.
    fn feed(&mut self, person: &Person, at: DateTime<Utc>) -> Vec<(Event, DateTime<Utc>)> {
        let requests = self.rng.between(3, 8);
        let request = |number| {
            let at = at + TimeDelta::seconds(number);
            let event = if self.rng.chance(REPORTS) { ingest::report(self, at) } else { reading::by_manager(self, person, at) };
            (event, at)
        };
        (0..requests).map(request).collect()
    }

    /// A document that this person could see at that time: its data or its content.
    fn document(&mut self, person: &Person, at: DateTime<Utc>) -> Option<Event> {
        let case = self.case_of(person, at)?;
        let is_released = case.released_at.is_some_and(|released_at| released_at < at);
        let is_shown = |document: &&document::Model| {
            let is_there = document.created_at < at && document.deleted_at.is_none_or(|deleted_at| deleted_at > at);
            let is_report = document.document_type == DocumentType::Report;
            is_there && (!is_report || is_released || person.role != Role::Member)
        };
        let shown: Vec<document::Model> = case.documents.iter().filter(is_shown).cloned().collect();
        let document = self.rng.pick(&shown)?;
        let is_read = self.rng.chance(DOWNLOADS);
        Some(if is_read { Event::document_downloaded(document, None) } else { Event::document_viewed(document) })
    }

    /// The audit trail of a case that this person may see and that existed at that time.
    fn case_trail(&mut self, person: &Person, at: DateTime<Utc>) -> Option<Event> {
        self.case_of(person, at).map(|case| reading::case_trail(case.id))
    }

    fn case_of(&mut self, person: &Person, at: DateTime<Utc>) -> Option<&CaseState> {
        let own = self.own.get(&person.id);
        let case = match person.role {
            Role::Manager | Role::Administrator => self.rng.pick(&self.cases)?,
            Role::Technician | Role::Member | Role::Service => self.cases.get(*self.rng.pick(own?)?)?,
        };
        let is_member = person.id == case.member_id;
        let seen_from = if is_member { Some(case.created_at) } else { case.submitted_at };
        let is_there = seen_from.is_some_and(|seen_from| seen_from < at);
        is_there.then_some(case)
    }

    /// An entry that existed at that time.
    pub fn some_entry(&mut self, at: DateTime<Utc>) -> Option<Uuid> {
        let known = self.entries.partition_point(|(_, told_at)| *told_at < at);
        self.rng.pick(self.entries.get(..known)?).map(|(id, _)| *id)
    }

    /// A random person.
    pub fn any_user(&mut self) -> Option<Uuid> {
        self.rng.pick(&self.visitors).copied()
    }

    /// A period for a report that ends at a given time.
    pub fn period(&mut self, at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let days = self.rng.weighed(&[(1, 2), (7, 5), (30, 8), (90, 3)]).unwrap_or(30);
        let until = calendar::between(&mut self.rng, at - TimeDelta::hours(12), at);
        (until - TimeDelta::days(days), until)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.rng.between(0, 255)).unwrap_or_default()
    }
}
