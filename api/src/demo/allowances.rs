//! The members' credit allowances: at the start of each quarter by the job, and some by an administrator.

use super::calendar::Calendar;
use super::chapter::Recorder;
use super::inbox::RUN_MAX;
use super::people::People;
use super::rng::{DemoRng, HistoryPart};
use super::{DemoError, words};
use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use entity::audit::{Actor, AppliedChange, ChangeContext, Context, Event, happen, key};
use entity::credit::{self, Quarter, ResetType};
use entity::job::JobName;
use entity::setting;
use entity::user::{self, Person, Role};
use std::sync::Arc;
use uuid::Uuid;

/// The share of allowances that an administrator changes during the quarter.
const ADJUSTED: f64 = 0.08;

/// Generates the allowances of all quarters that begin in the history.
pub(super) fn grant(seed: u64, calendar: &Calendar, people: &People, recorder: &mut Recorder) -> Result<(), DemoError> {
    let mut office = Office { rng: DemoRng::new(seed, HistoryPart::Allowances, 0), calendar, people, recorder };
    let starts = quarters(calendar);
    for (index, at) in starts.iter().enumerate() {
        let next = starts.get(index + 1).copied().unwrap_or(calendar.now);
        office.begin_quarter(*at, next)?;
    }
    Ok(())
}

struct Office<'a> {
    rng: DemoRng,
    calendar: &'a Calendar,
    people: &'a People,
    recorder: &'a mut Recorder,
}

impl Office<'_> {
    /// As `credit::reset_all` does in a run of the job.
    fn begin_quarter(&mut self, at: DateTime<Utc>, next: DateTime<Utc>) -> Result<(), DemoError> {
        let quarter = Quarter::new(at, self.calendar.zone);
        let members = self.members(at);
        let (new_allowance, batch_id) = (setting::Model::first().default_quarterly_credits, self.recorder.new_id(at));
        let mut run = (Arc::new(Context::job(batch_id)), at);
        for member_id in &members {
            run = self.recorder.in_run((JobName::QuarterlyCreditReset, at));
            let row = credit::first(self.recorder.new_id(run.1), *member_id, quarter, new_allowance, None);
            let mut change = ChangeContext::new(Actor::System);
            change.note(key::RESET_TYPE, ResetType::Scheduled.code());
            change.note(key::BATCH_ID, Some(batch_id));
            change.note(key::TRIGGER, entity::job::run::Trigger::Scheduler.code());
            let row = self.save(None, row, change, &run)?.ok_or(DemoError::Nothing)?;
            let row = if self.rng.chance(ADJUSTED) { self.adjust(row, run.1, next)? } else { row };
            self.recorder.chapter.history.credits.push(row);
        }
        let reset_type = ResetType::Scheduled.code();
        let whole = Event::bulk_credit_reset(&quarter.to_string(), members.len(), Some(new_allowance), batch_id, reset_type);
        self.recorder.record(vec![whole], &run.0, run.1 + TimeDelta::milliseconds(1), false);
        Ok(())
    }

    /// Changes an allowance by hand, if there is an administrator.
    fn adjust(&mut self, before: credit::Model, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<credit::Model, DemoError> {
        let at = self.calendar.within(&mut self.rng, from + TimeDelta::days(1), until);
        let administrator = self.people.pick(&mut self.rng, at, |row| row.role == Role::Administrator);
        let Some(person) = administrator.and_then(|id| self.people.get(id)) else { return Ok(before) };
        let (Some(origin), Some(row)) = (person.origin(at), person.at(at)) else { return Ok(before) };
        let change = ChangeContext::new(Actor::Person(Person::new(row)));
        let allowed = before.allowed_credits + i32::try_from(self.rng.between(1, 5) * 10).unwrap_or_default();
        let notes = Some(self.rng.word(words::ALLOWANCE_NOTES).to_owned());
        let context = self.recorder.request(origin, at);
        let changed = before.clone().replace(allowed, notes);
        Ok(self.save(Some(&before), changed, change, &(context, at))?.unwrap_or(before))
    }

    fn save(
        &mut self,
        before: Option<&credit::Model>,
        row: credit::ActiveModel,
        mut change: ChangeContext,
        (context, at): &(Arc<Context>, DateTime<Utc>),
    ) -> Result<Option<credit::Model>, DemoError> {
        let known = |id| self.people.person(id, *at);
        let applied = happen::<credit::Entity>(before, row, &mut change, known, *at)?;
        let Some(AppliedChange { row, events, effects: _ }) = applied else { return Ok(None) };
        self.recorder.record(events, context, *at, true);
        Ok(Some(row))
    }

    fn members(&self, at: DateTime<Utc>) -> Vec<Uuid> {
        let is_member = |row: &&user::Model| row.role == Role::Member;
        let mut members: Vec<Uuid> =
            self.people.iter().filter_map(|person| person.active_at(at)).filter(is_member).map(|row| row.id).collect();
        members.sort_unstable();
        members
    }
}

/// Five minutes past midnight on the first day of each quarter.
fn quarters(calendar: &Calendar) -> Vec<DateTime<Utc>> {
    let five_past = NaiveTime::MIN.overflowing_add_signed(TimeDelta::minutes(5)).0;
    let days = calendar.day(calendar.start).iter_days().take_while(|day| *day <= calendar.day(calendar.now));
    let first_days = days.filter(|day| day.day() == 1 && day.month0() % 3 == 0);
    let instants = first_days.filter_map(|day| calendar.instant(day, five_past));
    instants.filter(|at| *at > calendar.start && *at < calendar.now - RUN_MAX).collect()
}
