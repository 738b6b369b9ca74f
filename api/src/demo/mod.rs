//! A deterministic history of a working team, for demonstrations and load tests.
//!
//! It walks the state machine with the rows' own moves and derives the audit entries from the rows' own events, so that it obeys
//! the same rules as real use. The writer does not rely on that: it replays every chapter before writing it.

mod accounts;
mod allowances;
mod around;
mod calendar;
mod cast;
mod chapter;
mod fill;
mod inbox;
mod ingest;
mod jobs;
mod moves;
mod pdf;
mod people;
mod plot;
mod reading;
mod rng;
mod runs;
mod script;
mod settings;
mod visits;
mod walk;
mod words;

pub use accounts::{NamedAccount, named_accounts};
pub use cast::{NAMED, SERVICE};
pub use chapter::{Chapter, DemoCounts};
pub use fill::{fill, password_of};

use crate::schedule::Unscheduled;
use calendar::Calendar;
use chapter::Recorder;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::audit::Refusal;
use entity::case::{self, CaseStatus, number};
use entity::clock::{Clock, instant_of};
use entity::document;
use entity::user;
use jobs::Jobs;
use people::People;
use plot::Plot;
use runs::Runs;
use sea_orm::DbErr;
use std::collections::BTreeMap;
use uuid::Uuid;
use visits::Visits;
use walk::CaseState;

/// The maximum number of entries that are individually viewed later in the history.
const ENTRIES_LOOKED_AT: usize = 2_000;

/// The longest history, in cases, whose cases have documents: a larger one is for load tests, which read none.
const CASES_WITH_DOCUMENTS: usize = 2_000;

/// The size of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number of people, in addition to the service account.
    pub users: usize,
    pub cases: usize,
    pub entries: u64,
    pub days: i64,
}

impl Plan {
    /// The minimum that holds every person's own history.
    pub const ENTRIES_MIN: u64 = 2_000;

    /// The history created by a first start.
    pub const fn demo() -> Self {
        Self { users: 100, cases: 400, entries: 20_000, days: 180 }
    }

    /// A history with this number of entries: fifty per case, as in the demo.
    pub fn of_entries(entries: u64) -> Self {
        let entries = entries.max(Self::ENTRIES_MIN);
        let cases = usize::try_from(entries / 50).unwrap_or(usize::MAX);
        let users = if entries < 20_000 { 40 } else { 100 + usize::try_from(entries / 1_000).unwrap_or(usize::MAX).min(900) };
        let days = if entries <= 100_000 { 180 } else { 730 };
        if entries == Self::demo().entries { Self::demo() } else { Self { users, cases, entries, days } }
    }

    fn has_documents(&self) -> bool {
        self.cases <= CASES_WITH_DOCUMENTS
    }
}

/// Why a history could not be generated or written. Every variant except the last three is a bug in the generator.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("demo: a change without effect")]
    Nothing,
    #[error("demo: no suitable person")]
    NoSuchPerson,
    #[error("demo: a case should have become {} but became {}", planned.code(), reached.code())]
    Astray { planned: CaseStatus, reached: CaseStatus },
    #[error("demo: {0}")]
    Case(#[from] case::CaseRefusal),
    #[error("demo: {0}")]
    Document(#[from] document::DocumentRefusal),
    #[error("demo: {0}")]
    Refused(#[from] Refusal),
    #[error("demo: {0}")]
    Schedule(#[from] Unscheduled),
    #[error("demo: failed to hash a password: {0}")]
    Hash(String),
    #[error("demo: failed to store a document: {0}")]
    Storage(String),
    #[error("the database already contains users; demo data requires an empty database")]
    NotEmpty,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// The history determined by a plan, a seed and the current time, in chapters; each can be written on its own, in this order.
pub fn generate(plan: Plan, seed: u64, now: DateTime<Utc>, zone: Tz) -> Result<Generator, DemoError> {
    let calendar = Calendar::new(now, plan.days, zone)?;
    let clock = Clock::seeded(now, seed);
    let recorder = Recorder { clock, chapter: Chapter::default(), tally: DemoCounts::default(), runs: Runs::default() };
    let people = People::default();
    let (stage, case_states, entries) = (Progress::People, Vec::new(), Vec::new());
    Ok(Generator { plan, seed, calendar, recorder, people, stage, case_states, entries })
}

/// Generates a history.
#[derive(Debug)]
pub struct Generator {
    plan: Plan,
    seed: u64,
    calendar: Calendar,
    recorder: Recorder,
    people: People,
    stage: Progress,
    case_states: Vec<CaseState>,
    entries: Vec<(Uuid, DateTime<Utc>)>,
}

/// What is generated next.
#[derive(Debug)]
enum Progress {
    People,
    Cases(std::vec::IntoIter<Plot>, Vec<number::Model>),
    Jobs(Jobs),
    Visits(Visits),
    Over(BTreeMap<Uuid, DateTime<Utc>>),
}

impl Generator {
    /// When each person last signed in. Complete once the last chapter was generated.
    pub fn last_logins(&self) -> impl Iterator<Item = (Uuid, DateTime<Utc>)> {
        let logins = match &self.stage {
            Progress::Over(logins) => Some(logins),
            Progress::People | Progress::Cases(..) | Progress::Jobs(_) | Progress::Visits(_) => None,
        };
        logins.into_iter().flatten().map(|(id, at)| (*id, *at))
    }

    /// The totals generated so far.
    pub fn tally(&self) -> DemoCounts {
        self.recorder.tally
    }

    fn next_chapter(&mut self) -> Result<Option<Chapter>, DemoError> {
        loop {
            let stage = std::mem::replace(&mut self.stage, Progress::Over(BTreeMap::new()));
            self.stage = match stage {
                Progress::People => self.write_people()?,
                Progress::Cases(plots, numbers) => self.write_cases(plots, numbers)?,
                Progress::Jobs(jobs) => self.write_jobs(jobs),
                Progress::Visits(visits) => self.write_visits(visits)?,
                Progress::Over(logins) => {
                    self.stage = Progress::Over(logins);
                    return Ok(None);
                }
            };
            let chapter = self.recorder.close();
            self.remember(&chapter);
            if chapter.entries() > 0 {
                return Ok(Some(chapter));
            }
        }
    }

    fn write_people(&mut self) -> Result<Progress, DemoError> {
        self.people = cast::gather(&self.plan, self.seed, &self.calendar, &mut self.recorder)?;
        let rows = self.people.iter().filter_map(|person| person.latest().cloned());
        self.recorder.chapter.history.users = rows.collect::<Vec<user::Model>>();
        settings::adjust(self.seed, &self.calendar, &self.people, &mut self.recorder)?;
        allowances::grant(self.seed, &self.calendar, &self.people, &mut self.recorder)?;
        let (plots, numbers) = plot::draw(&self.plan, self.seed, &self.calendar, &self.people)?;
        Ok(Progress::Cases(plots.into_iter(), numbers))
    }

    fn write_cases(&mut self, mut plots: std::vec::IntoIter<Plot>, numbers: Vec<number::Model>) -> Result<Progress, DemoError> {
        self.recorder.chapter.case_numbers = numbers;
        while !self.recorder.chapter.is_full() {
            let Some(plot) = plots.next() else {
                let (plan, seed, calendar) = (&self.plan, self.seed, &self.calendar);
                return Ok(Progress::Jobs(Jobs::new(plan, seed, calendar, &self.people, &mut self.recorder)));
            };
            let has_documents = self.plan.has_documents();
            let case_state = walk::walk(self.seed, &plot, has_documents, &self.calendar, &self.people, &mut self.recorder)?;
            self.case_states.push(case_state);
        }
        Ok(Progress::Cases(plots, Vec::new()))
    }

    fn write_jobs(&mut self, mut jobs: Jobs) -> Progress {
        while !self.recorder.chapter.is_full() {
            if !jobs.write_one(&self.calendar, &mut self.recorder) {
                self.entries.sort_unstable_by_key(|(_, at)| *at);
                let (case_states, entries) = (std::mem::take(&mut self.case_states), std::mem::take(&mut self.entries));
                return Progress::Visits(Visits::new(self.seed, case_states, entries, &self.people));
            }
        }
        Progress::Jobs(jobs)
    }

    fn write_visits(&mut self, mut visits: Visits) -> Result<Progress, DemoError> {
        while !self.recorder.chapter.is_full() {
            let room = self.plan.entries.saturating_sub(self.recorder.tally.entries);
            if room == 0 {
                return Ok(Progress::Over(visits.last_logins));
            }
            visits.write_one(&self.calendar, &self.people, &mut self.recorder, room)?;
        }
        Ok(Progress::Visits(visits))
    }

    fn remember(&mut self, chapter: &Chapter) {
        let some = chapter.history.entries.iter().step_by(17).filter_map(|entry| Some((entry.id, instant_of(entry.id)?)));
        self.entries.extend(some.take(ENTRIES_LOOKED_AT.saturating_sub(self.entries.len())));
    }
}

impl Iterator for Generator {
    type Item = Result<Chapter, DemoError>;

    /// Ends after the first error.
    fn next(&mut self) -> Option<Self::Item> {
        self.next_chapter().transpose()
    }
}

#[cfg(test)]
mod tests;
