//! The data written in one transaction, and how audit entries are added to it.

use super::runs::Runs;
use chrono::{DateTime, Utc};
use entity::audit::{Actor, Context, Event};
use entity::case::{member_update, number};
use entity::clock::Clock;
use entity::history::{History, PastEntry};
use entity::job::{overdue_hold, run};
use entity::{alert, outbox, review};
use std::sync::Arc;
use uuid::Uuid;

/// A chapter is closed at the next complete unit after this many entries, so that memory stays bounded.
const ENTRIES_A_CHAPTER: usize = 5_000;
/// At COMMIT PostgreSQL scans the transaction's entries for each of its rows, so chapters with rows are smaller.
const CASES_A_CHAPTER: usize = 120;

/// Rows and all their audit entries, to be written together.
#[derive(Clone, Debug, Default)]
pub struct Chapter {
    pub history: History,
    pub reviews: Vec<review::Model>,
    pub member_updates: Vec<member_update::Model>,
    pub case_numbers: Vec<number::Model>,
    pub alerts: Vec<alert::Model>,
    pub mails: Vec<outbox::Model>,
    pub runs: Vec<run::Model>,
    pub overdue_holds: Vec<overdue_hold::Model>,
    /// The content of the documents, by their ids.
    pub files: Vec<(Uuid, Vec<u8>)>,
}

impl Chapter {
    pub fn entries(&self) -> usize {
        self.history.entries.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries() >= ENTRIES_A_CHAPTER || self.history.cases.len() >= CASES_A_CHAPTER
    }
}

/// The totals written so far, for shares that refer to the whole history.
#[derive(Clone, Copy, Debug, Default)]
pub struct DemoCounts {
    pub entries: u64,
    pub by_system: u64,
}

/// The origin of a simulated request: a person, their IP address and their user agent.
#[derive(Clone, Debug)]
pub(super) struct SimulatedOrigin {
    pub actor: Actor,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
}

/// Records what happens, one operation after another.
#[derive(Debug)]
pub(super) struct Recorder {
    pub clock: Clock,
    pub chapter: Chapter,
    pub tally: DemoCounts,
    /// The runs of jobs that have done something so far; their own entries follow when all of it is known.
    pub runs: Runs,
}

impl Recorder {
    /// The context of one request, shared by all its entries.
    pub fn request(&self, origin: SimulatedOrigin, at: DateTime<Utc>) -> Arc<Context> {
        let request_id = self.clock.id(at).to_string();
        let SimulatedOrigin { actor, ip_address, user_agent } = origin;
        Arc::new(Context { actor, api_key: None, in_job: false, request_id, ip_address, user_agent })
    }

    /// Adds the entries of one operation, in order.
    pub fn record(&mut self, events: Vec<Event>, context: &Arc<Context>, at: DateTime<Utc>, by_hook: bool) {
        for event in events {
            self.tally.entries += 1;
            self.tally.by_system += u64::from(context.actor == Actor::System);
            let id = self.clock.id(at);
            self.chapter.history.entries.push(PastEntry { id, event, context: Arc::clone(context), by_hook });
        }
    }

    pub fn new_id(&self, at: DateTime<Utc>) -> Uuid {
        self.clock.id(at)
    }

    pub fn close(&mut self) -> Chapter {
        std::mem::take(&mut self.chapter)
    }
}
