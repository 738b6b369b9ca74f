//! Walks one case from step to step with the rows' own moves, and derives the audit entries from the rows' own events.

use super::calendar::Calendar;
use super::chapter::Recorder;
use super::inbox::{Inbox, RUN_MAX};
use super::people::People;
use super::plot::Plot;
use super::rng::{DemoRng, HistoryPart};
use super::script::Step;
use super::{DemoError, words};
use chrono::{DateTime, Utc};
use entity::audit::{Actor, AppliedChange, ChangeContext, happen, key};
use entity::case::{self, CaseStatus, member_update};
use entity::effect::Effect;
use entity::job::run::Trigger;
use entity::job::{JobName, overdue_hold};
use entity::user::{self, Person};
use entity::{document, review, setting};
use std::sync::Arc;
use uuid::Uuid;

/// The data of a case needed to read it later.
#[derive(Clone, Debug)]
pub(super) struct CaseState {
    pub id: Uuid,
    pub member_id: Uuid,
    pub assigned_to_id: Option<Uuid>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// When its member sees its reports.
    pub released_at: Option<DateTime<Utc>>,
    pub documents: Vec<document::Model>,
}

/// A case in progress.
pub(super) struct Walk<'a> {
    pub plot: &'a Plot,
    pub calendar: &'a Calendar,
    pub people: &'a People,
    pub recorder: &'a mut Recorder,
    pub rng: DemoRng,
    /// The random numbers of what happens around the case: none of it changes its course.
    pub around: DemoRng,
    pub has_documents: bool,
    pub documents: Vec<document::Model>,
    pub row: Option<case::Model>,
    pub steps: Vec<(Step, DateTime<Utc>)>,
    /// The index of the current step.
    pub place: usize,
    pub at: DateTime<Utc>,
    /// The steps of the case's review so far, newest first.
    pub reviews: Vec<review::Model>,
    member_updated_at: Option<DateTime<Utc>>,
    staff_acted_at: Option<DateTime<Utc>>,
    /// The request that the next step is still part of, if two steps are one operation.
    request: Option<(DateTime<Utc>, Arc<entity::audit::Context>)>,
}

/// Generates the whole history of one case.
pub(super) fn walk(
    seed: u64,
    plot: &Plot,
    has_documents: bool,
    calendar: &Calendar,
    people: &People,
    recorder: &mut Recorder,
) -> Result<CaseState, DemoError> {
    let mut rng = DemoRng::new(seed, HistoryPart::Cases, plot.number);
    let steps = plot.timed(calendar, &mut rng);
    let mut walk = Walk {
        plot,
        calendar,
        people,
        recorder,
        rng,
        around: DemoRng::new(seed, HistoryPart::Around, plot.number),
        has_documents,
        documents: Vec::new(),
        row: None,
        steps,
        place: 0,
        at: plot.created_at,
        reviews: Vec::new(),
        member_updated_at: None,
        staff_acted_at: None,
        request: None,
    };
    while let Some((step, at)) = walk.steps.get(walk.place).copied() {
        walk.at = at;
        walk.prepare(step)?;
        walk.take(step)?;
        walk.accompany(step)?;
        walk.place += 1;
    }
    walk.end()
}

impl Walk<'_> {
    /// The case in its current state.
    pub fn case(&self) -> Result<case::Model, DemoError> {
        self.row.clone().ok_or(DemoError::Nothing)
    }

    pub fn user(&self, id: Uuid) -> Result<&user::Model, DemoError> {
        self.people.get(id).and_then(|person| person.at(self.at)).ok_or(DemoError::NoSuchPerson)
    }

    pub fn assignee(&self) -> Option<&user::Model> {
        let id = self.row.as_ref()?.assigned_to_id?;
        self.people.get(id)?.at(self.at)
    }

    /// The person who works on an assigned case: mostly the assignee, sometimes a manager or administrator.
    pub fn worker(&mut self) -> Result<Uuid, DemoError> {
        let assignee = self.assignee().map(|row| row.id);
        match assignee {
            Some(id) if self.rng.chance(0.8) => Ok(id),
            Some(_) | None => self.manager_or_administrator(),
        }
    }

    /// A manager or administrator.
    pub fn manager_or_administrator(&mut self) -> Result<Uuid, DemoError> {
        let runs = |row: &user::Model| matches!(row.role, user::Role::Manager | user::Role::Administrator);
        self.people.pick(&mut self.rng, self.at, runs).ok_or(DemoError::NoSuchPerson)
    }

    pub fn change(&self, by: Uuid, reason: Option<&str>) -> Result<ChangeContext, DemoError> {
        let mut change = ChangeContext::new(Actor::Person(Person::new(self.user(by)?)));
        change.reason = reason.map(str::to_owned);
        Ok(change)
    }

    /// Saves the result of a move, and adds the resulting audit entries and what must follow.
    pub fn save(&mut self, by: Uuid, row: case::ActiveModel, change: ChangeContext) -> Result<(), DemoError> {
        let at = self.at;
        let origin = self.people.get(by).and_then(|person| person.origin(at)).ok_or(DemoError::NoSuchPerson)?;
        let same = self.request.take().filter(|(then, _)| *then == at);
        let context = same.map_or_else(|| self.recorder.request(origin, at), |(_, context)| context);
        self.request = Some((at, Arc::clone(&context)));
        self.apply(row, change, &context, at)?;
        if self.row.as_ref().is_some_and(|row| row.member_id != by) {
            self.staff_acted_at = Some(at);
        }
        Ok(())
    }

    fn apply(
        &mut self,
        row: case::ActiveModel,
        mut change: ChangeContext,
        context: &Arc<entity::audit::Context>,
        at: DateTime<Utc>,
    ) -> Result<(), DemoError> {
        let known = |id| self.people.person(id, at);
        let Some(AppliedChange { row: after, events, effects }) =
            happen::<case::Entity>(self.row.as_ref(), row, &mut change, known, at)?
        else {
            return Ok(());
        };
        self.recorder.record(events, context, at, true);
        self.row = Some(after);
        effects.into_iter().try_for_each(|effect| self.follow(effect, at))
    }

    /// Adds what must follow a change as of a time: review steps, alerts and emails, the flag for the staff.
    pub fn follow(&mut self, effect: Effect, at: DateTime<Utc>) -> Result<(), DemoError> {
        match effect {
            Effect::Review(step) => {
                let step = step.after(&self.reviews, self.recorder.new_id(at));
                self.reviews.insert(0, step.clone());
                self.recorder.chapter.reviews.push(step);
            }
            Effect::Notice(notice) => {
                let (calendar, people) = (self.calendar, self.people);
                let inbox = Inbox { calendar, people, rng: &mut self.around, recorder: self.recorder };
                inbox.notify(&notice, self.row.as_ref(), at);
            }
            // No hold of a history is prolonged.
            Effect::HoldNotOverdue { case_id: _ } => {}
            Effect::MemberUpdated { case_id: _ } => {
                if self.row.as_ref().is_some_and(member_update::is_flagged) {
                    self.member_updated_at = Some(at);
                }
            }
        }
        Ok(())
    }

    /// The reminder of a hold that lasts longer than expected, by the first run of the job after that.
    pub fn remind(&mut self) -> Result<(), DemoError> {
        let case = self.case()?;
        let (Some(held_at), Some(end_at)) = (case.held_at, case.hold_expected_end_at) else { return Ok(()) };
        let period = (JobName::CheckExpiredHolds, self.calendar.period_from(JobName::CheckExpiredHolds, end_at));
        let resumed_at = self.until(|step| step == Step::Resume);
        if period.1 >= resumed_at || period.1 + RUN_MAX > self.calendar.now {
            return Ok(());
        }
        let (_, at) = self.recorder.in_run(period);
        self.recorder.chapter.overdue_holds.push(overdue_hold::Model { case_id: case.id, held_at });
        let settings = setting::Model { time_zone: self.calendar.zone.name().to_owned(), ..setting::Model::first() };
        self.follow(Effect::Notice(case::effects::hold_overdue(&case, &settings)), at)
    }

    /// The release of a completed case by the first run of the job after its time has come.
    fn release_on_schedule(&mut self) -> Result<(), DemoError> {
        let case = self.case()?;
        let Some(due_at) = case.scheduled_release_at.filter(|_| case.status == CaseStatus::Completed) else { return Ok(()) };
        let period = (JobName::ReleaseScheduledCases, self.calendar.period_from(JobName::ReleaseScheduledCases, due_at));
        if period.1 + RUN_MAX > self.calendar.now {
            return Ok(());
        }
        let (context, at) = self.recorder.in_run(period);
        let mut change = ChangeContext::new(Actor::System);
        change.note(key::TRIGGER, Trigger::Scheduler.code());
        self.apply(case.release_on_schedule(), change, &context, at)
    }

    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.rng.word(words)
    }

    /// The time of the next step of a kind, or now if there is none.
    pub fn until(&self, next: impl Fn(Step) -> bool) -> DateTime<Utc> {
        let later = self.steps.iter().skip(self.place + 1).find(|(step, _)| next(*step));
        later.map_or(self.calendar.now, |(_, at)| *at)
    }

    fn end(mut self) -> Result<CaseState, DemoError> {
        self.release_on_schedule()?;
        let row = self.row.take().ok_or(DemoError::Nothing)?;
        if row.status != self.plot.status {
            return Err(DemoError::Astray { planned: self.plot.status, reached: row.status });
        }
        if let Some(updated_at) = self.member_updated_at {
            // An acknowledgement leaves no entry: the next change by the staff counts as one.
            let has_member_updates = self.staff_acted_at.is_none_or(|acted_at| acted_at < updated_at);
            let member_last_update_at = Some(updated_at);
            let flag = member_update::Model { case_id: row.id, has_member_updates, member_last_update_at };
            self.recorder.chapter.member_updates.push(flag);
        }
        let case_state = CaseState {
            id: row.id,
            member_id: row.member_id,
            assigned_to_id: row.assigned_to_id,
            submitted_at: row.submitted_at,
            created_at: row.created_at,
            released_at: row.released_at.filter(|_| row.status == CaseStatus::Completed),
            documents: self.documents.clone(),
        };
        self.recorder.chapter.history.documents.append(&mut self.documents);
        self.recorder.chapter.history.cases.push(row);
        Ok(case_state)
    }

    /// The names of an employee.
    pub fn employee(&mut self) -> (&'static str, &'static str) {
        (self.rng.word(words::FIRST_NAMES), self.rng.word(words::LAST_NAMES))
    }
}
