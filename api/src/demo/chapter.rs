//! The data written in one transaction, and how audit entries are added to it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{Actor, Context, Event};
use entity::case::{member_update, number};
use entity::clock::Clock;
use entity::history::{History, PastEntry};
use entity::job::{JobName, JobRun};
use entity::outbox::Template;
use entity::review;
use entity::user::Person;
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
    pub runs: u64,
    pub failed_runs: u64,
}

/// The origin of a request: a person, their IP address and their user agent.
#[derive(Clone, Debug)]
pub(super) struct Origin {
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
}

impl Recorder {
    /// The context of one request, shared by all its entries.
    pub fn request(&self, origin: Origin, at: DateTime<Utc>) -> Arc<Context> {
        let request_id = self.clock.id(at).to_string();
        let Origin { actor, ip_address, user_agent } = origin;
        Arc::new(Context { actor, in_job: false, request_id, ip_address, user_agent })
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

    /// Adds one run of a job, with the entries of its effects before its own entry.
    pub fn run(&mut self, job: JobName, did: Vec<Event>, run: &JobRun<'_>, at: DateTime<Utc>) {
        let context = Arc::new(Context::job(self.clock.id(at)));
        self.record(did, &context, at, false);
        self.tally.runs += 1;
        self.tally.failed_runs += u64::from(run.error_message.is_some());
        let duration = TimeDelta::milliseconds(i64::try_from(run.duration_ms).unwrap_or_default());
        self.record(vec![Event::cron_job_executed(job.code(), run)], &context, at + duration, false);
    }

    /// A run of the dispatcher that sends one email; if that email fails, every record of the run has failed.
    pub fn mail(&mut self, template: Template, to: &Person, attempt: u32, fails: bool, at: DateTime<Utc>) {
        let error = fails.then_some("550 mailbox unavailable");
        let run = JobRun::scheduled(1, u64::from(fails), fails.then_some("every email failed"), 180);
        let sent = Event::email_notification_sent(to, template.code(), attempt, error);
        self.run(JobName::SendScheduledEmails, vec![sent], &run, at);
    }

    pub fn new_id(&self, at: DateTime<Utc>) -> Uuid {
        self.clock.id(at)
    }

    pub fn close(&mut self) -> Chapter {
        std::mem::take(&mut self.chapter)
    }
}
