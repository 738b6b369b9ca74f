//! Walks one case from step to step with the rows' own moves, and derives the audit entries from the rows' own events.

use super::calendar::Calendar;
use super::chapter::Recorder;
use super::people::People;
use super::plot::Plot;
use super::rng::{DemoRng, Table};
use super::script::Step;
use super::{DemoError, words};
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{Actor, AppliedChange, ChangeContext, happen};
use entity::case::{self, member_update};
use entity::effect::Effect;
use entity::outbox::Template;
use entity::review;
use entity::user::{self, Person};
use std::sync::Arc;
use uuid::Uuid;

/// The share of emails that fail.
const FAILED_MAILS: f64 = 0.02;

/// The data of a case needed to read it later.
#[derive(Clone, Copy, Debug)]
pub(super) struct CaseState {
    pub id: Uuid,
    pub member_id: Uuid,
    pub assigned_to_id: Option<Uuid>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A case in progress.
pub(super) struct Walk<'a> {
    pub plot: &'a Plot,
    pub calendar: &'a Calendar,
    pub people: &'a People,
    pub recorder: &'a mut Recorder,
    pub rng: DemoRng,
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
    calendar: &Calendar,
    people: &People,
    recorder: &mut Recorder,
) -> Result<CaseState, DemoError> {
    let mut rng = DemoRng::new(seed, Table::Cases, plot.number);
    let steps = plot.timed(calendar, &mut rng);
    let mut walk = Walk {
        plot,
        calendar,
        people,
        recorder,
        rng,
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
        walk.take(step)?;
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
    pub fn save(&mut self, by: Uuid, row: case::ActiveModel, mut change: ChangeContext) -> Result<(), DemoError> {
        let at = self.at;
        let known = |id| self.people.person(id, at);
        let Some(AppliedChange { row: after, events, effects }) =
            happen::<case::Entity>(self.row.as_ref(), row, &mut change, known, at)?
        else {
            return Ok(());
        };
        let origin = self.people.get(by).and_then(|person| person.origin(at)).ok_or(DemoError::NoSuchPerson)?;
        let same = self.request.take().filter(|(then, _)| *then == at);
        let context = same.map_or_else(|| self.recorder.request(origin, at), |(_, context)| context);
        self.recorder.record(events, &context, at, true);
        self.request = Some((at, context));
        if by != after.member_id {
            self.staff_acted_at = Some(at);
        }
        self.row = Some(after);
        effects.into_iter().try_for_each(|effect| self.follow(effect))
    }

    /// Records that the member added something the staff has to acknowledge.
    pub fn raise_flag(&mut self) {
        self.member_updated_at = Some(self.at);
    }

    /// Adds what must follow a change as of this step: review steps and emails. Alerts are not part of a history.
    fn follow(&mut self, effect: Effect) -> Result<(), DemoError> {
        match effect {
            Effect::Review(step) => {
                let step = step.after(&self.reviews, self.recorder.new_id(self.at));
                self.reviews.insert(0, step.clone());
                self.recorder.chapter.reviews.push(step);
                Ok(())
            }
            Effect::Notice(notice) => notice.mail.map_or(Ok(()), |mail| self.mail(mail.template)),
        }
    }

    /// Notifies the member by email, a few minutes later.
    fn mail(&mut self, template: Template) -> Result<(), DemoError> {
        let row = self.case()?;
        let to = self.people.person(row.member_id, self.at).ok_or(DemoError::NoSuchPerson)?;
        let mut sent_at = self.at + TimeDelta::seconds(self.rng.between(40, 880));
        let fails = self.rng.chance(FAILED_MAILS);
        if sent_at < self.calendar.now {
            self.recorder.mail(template, &to, 1, fails, sent_at);
        }
        sent_at += TimeDelta::minutes(15);
        if fails && sent_at < self.calendar.now {
            self.recorder.mail(template, &to, 2, false, sent_at);
        }
        Ok(())
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
        let row = self.row.take().ok_or(DemoError::Nothing)?;
        if row.status != self.plot.status {
            return Err(DemoError::Astray { planned: self.plot.status, reached: row.status });
        }
        if let Some(updated_at) = self.member_updated_at {
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
        };
        self.recorder.chapter.history.cases.push(row);
        Ok(case_state)
    }

    /// The names of an employee.
    pub fn employee(&mut self) -> (&'static str, &'static str) {
        (self.rng.word(words::FIRST_NAMES), self.rng.word(words::LAST_NAMES))
    }
}
