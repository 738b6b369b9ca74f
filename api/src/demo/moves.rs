//! Each step as the operation it represents: who performs it, with which texts, and by which move of the row.

use super::script::Step;
use super::walk::Walk;
use super::{DemoError, words};
use chrono::{NaiveDate, TimeDelta};
use entity::audit::key;
use entity::case::lifecycle::{Acceptance, Completion, Decision, Edit, Hold, NewCase, Release};
use entity::case::{self, CaseAction, CaseStatus, RejectionReason, ReviewStatus, Tier, Urgency};
use entity::user::{self, Caller, Level, Role};
use entity::{review, setting};
use uuid::Uuid;

impl Walk<'_> {
    pub(super) fn take(&mut self, step: Step) -> Result<(), DemoError> {
        match step {
            Step::Create => self.create(),
            Step::Submit => self.submit(),
            Step::MemberEdit => self.edit_as_member(),
            Step::Reject => self.reject(),
            Step::Resubmit => self.resubmit(),
            Step::Accept => self.accept(),
            Step::StaffEdit => self.edit_as_staff(),
            Step::Hold => self.hold(),
            Step::Resume => self.resume(),
            Step::Tier => self.change_tier(),
            Step::Reassign => self.reassign(),
            Step::Unassign => self.unassign(),
            Step::Take => self.take_over(),
            Step::Credit => self.adjust_credit(),
            Step::Complete => self.complete(),
            Step::Decide(status) => self.decide(status),
            Step::Release => self.release(),
            Step::Reopen => self.reopen(),
        }
    }

    fn create(&mut self) -> Result<(), DemoError> {
        let member = self.plot.member_id;
        let administrator = |row: &user::Model| row.role == Role::Administrator;
        let by_staff = self.steps.get(1).is_none_or(|(step, _)| *step != Step::Submit) && self.rng.chance(0.08);
        let staff = if by_staff { self.people.pick(&mut self.rng, self.at, administrator) } else { None };
        let by = staff.unwrap_or(member);
        let (employee_first_name, employee_last_name) = self.employee();
        let (due_on, urgency) = self.due();
        let case = NewCase {
            id: self.recorder.new_id(self.at),
            case_number: self.plot.case_number.clone(),
            workshop_code: self.plot.workshop_code.clone(),
            member_id: member,
            created_by_id: by,
            employee_first_name: employee_first_name.to_owned(),
            employee_last_name: employee_last_name.to_owned(),
            client_email: self.rng.chance(0.5).then(|| email(employee_first_name, employee_last_name)),
            num_reports_requested: self.plot.reports,
            urgency,
            due_on,
            special_notes: self.rng.chance(0.3).then(|| self.rng.word(words::MEMBER_NOTES).to_owned()),
        };
        let change = self.change(by, None)?;
        self.save(by, case.draft(), change)
    }

    /// A due date and the resulting urgency on the day of creation: a rush is requested, or results from a near date.
    fn due(&mut self) -> (NaiveDate, Urgency) {
        let today = self.calendar.day(self.at);
        let submitted_at = self.until(|step| step == Step::Submit).min(self.at + TimeDelta::days(14));
        let handed_in = self.calendar.day(submitted_at);
        if !self.plot.is_rush {
            return (handed_in + TimeDelta::days(self.rng.between(7, 21)), Urgency::Normal);
        }
        let is_draft = self.plot.status == CaseStatus::Draft;
        if is_draft || self.rng.chance(0.5) {
            return (handed_in + TimeDelta::days(self.rng.between(2, 12)), Urgency::Rush);
        }
        let due_on = handed_in + TimeDelta::days(self.rng.between(2, 6));
        (due_on, required_urgency(due_on, today))
    }

    fn submit(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let by = row.member_id;
        let required = required_urgency(row.due_on, self.calendar.day(self.at));
        let change = self.change(by, None)?;
        self.save(by, row.submit(required, true, self.at)?, change)
    }

    fn edit_as_member(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let by = row.member_id;
        let today = self.calendar.day(self.at);
        let (first_name, last_name) = self.employee();
        let mut edit = Edit::default();
        if self.rng.chance(0.6) {
            edit.client_email = Some(Some(email(first_name, last_name)));
        } else {
            edit.special_notes = Some(Some(format!("{} ({last_name})", self.rng.word(words::MEMBER_NOTES))));
        }
        if !self.plot.is_rush && self.rng.chance(0.3) {
            // Far enough in the future not to become a rush case.
            let least = row.due_on.max(today + TimeDelta::days(6));
            edit.due_on = Some(least + TimeDelta::days(self.rng.between(1, 7)));
        }
        let edited = self.edited(row, edit, by)?;
        let change = self.change(by, None)?;
        self.save(by, edited, change)
    }

    fn edit_as_staff(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let by = self.worker()?;
        let number = self.rng.between(10, 99);
        let notes = format!("{} (p. {number})", self.rng.word(words::STAFF_NOTES));
        let mut edit = Edit { internal_notes: Some(Some(notes)), ..Edit::default() };
        if self.rng.chance(0.25) {
            edit.report_notes_to_member = Some(Some(self.rng.word(words::REPORT_NOTES).to_owned()));
        }
        let edited = self.edited(row, edit, by)?;
        let change = self.change(by, None)?;
        self.save(by, edited, change)
    }

    fn edited(&self, row: case::Model, edit: Edit, by: Uuid) -> Result<case::ActiveModel, DemoError> {
        let caller = self.people.get(by).and_then(|person| person.caller(self.at)).ok_or(DemoError::NoSuchPerson)?;
        let today = self.calendar.day(self.at);
        let required = |due_on| required_urgency(due_on, today);
        Ok(row.edit(edit, required, &caller, self.at)?)
    }

    fn reject(&mut self) -> Result<(), DemoError> {
        let by = self.people.pick(&mut self.rng, self.at, |row| row.role.is_staff()).ok_or(DemoError::NoSuchPerson)?;
        let reasons = [
            (RejectionReason::IncompleteFff, 35),
            (RejectionReason::MissingDocuments, 30),
            (RejectionReason::InsufficientData, 20),
            (RejectionReason::InvalidCreditRequest, 5),
            (RejectionReason::TierMismatch, 5),
            (RejectionReason::Other, 5),
        ];
        let reason = self.rng.weighed(&reasons).unwrap_or(RejectionReason::Other);
        let notes = self.word(words::REJECTION_NOTES);
        let change = self.change(by, None)?;
        self.save(by, self.case()?.reject(reason, notes, by, self.at)?, change)
    }

    fn resubmit(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let by = row.member_id;
        let mut change = self.change(by, None)?;
        change.note(key::EDITED_FIELDS, row.edited_fields().into_iter().collect::<Vec<_>>());
        let (notes, new_documents) = (Some("Corrected as asked."), self.new_documents(&row));
        change.note(key::NEW_DOCUMENTS, new_documents);
        self.save(by, row.resubmit(notes, new_documents, self.assignee(), self.at)?, change)
    }

    fn accept(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let assignee = self.assignable(None).ok_or(DemoError::NoSuchPerson)?;
        let assignee = self.user(assignee)?.clone();
        let by = if assignee.role == Role::Technician && self.rng.chance(0.7) {
            assignee.id
        } else {
            self.manager_or_administrator()?
        };
        let differs = self.rng.chance(0.15);
        let credit_tenths = if differs { other_credit(row.credit_tenths) } else { row.credit_tenths };
        let mut change = self.change(by, None)?;
        change.note(key::DOCS_VERIFIED, self.rng.chance(0.9));
        let tier = self.first_tier();
        let terms = Acceptance { tier, credit_tenths, assignee: &assignee, accepted_by: by, override_level: false };
        self.save(by, row.accept(terms, self.at)?, change)
    }

    /// The tier at acceptance: the final one, unless a later step changes it.
    fn first_tier(&self) -> Tier {
        let changes = self.steps.iter().any(|(step, _)| *step == Step::Tier);
        match self.plot.tier {
            tier if !changes => tier,
            Tier::One | Tier::Three => Tier::Two,
            Tier::Two if self.plot.number.is_multiple_of(2) => Tier::One,
            Tier::Two => Tier::Three,
        }
    }

    /// A person the case can be assigned to: a technician, or occasionally a manager if no review is planned.
    fn assignable(&mut self, but: Option<Uuid>) -> Option<Uuid> {
        let by_manager = !self.plot.is_reviewed && self.rng.chance(0.05);
        let is_manager = |row: &user::Model| row.role == Role::Manager && Some(row.id) != but;
        let manager = if by_manager { self.people.pick(&mut self.rng, self.at, is_manager) } else { None };
        manager.or_else(|| self.technician(but))
    }

    /// A technician whose level is sufficient for every tier the case will have, and fits its planned path: with or without a
    /// review.
    fn technician(&mut self, but: Option<Uuid>) -> Option<Uuid> {
        let (people, plot) = (self.people, self.plot);
        let hardest = plot.tier.max(self.first_tier());
        let is_completed = plot.status == CaseStatus::Completed;
        let stays_junior = |row: &user::Model| {
            people.get(row.id).and_then(|person| person.latest()).is_some_and(|latest| latest.user_level == Some(Level::One))
        };
        let fits = move |row: &user::Model| {
            let is_junior = row.user_level == Some(Level::One);
            let suits = if plot.is_reviewed { stays_junior(row) } else { !(is_completed && is_junior) };
            row.role == Role::Technician && Some(row.id) != but && suits && row.may_work_on(hardest)
        };
        people.pick(&mut self.rng, self.at, fits)
    }

    fn hold(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let lasts = (self.until(|step| step == Step::Resume) - self.at).as_seconds_f64() / 86_400.0;
        let reason = self.word(words::HOLD_REASONS);
        let quarters = |days: f64| (days * 4.0).floor() / 4.0;
        let expected = if lasts > 0.35 && self.rng.chance(0.27) {
            Some(quarters(lasts * 0.8).max(0.25))
        } else if self.rng.chance(0.12) {
            None
        } else {
            Some(lasts.ceil().max(1.0) + f64::from(u8::from(self.rng.chance(0.4))))
        };
        let change = self.change(by, Some(reason))?;
        let hold = Hold::new(reason, expected.map(super::rng::days));
        self.save(by, self.case()?.hold(hold, self.at)?, change)?;
        self.remind()
    }

    fn resume(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let reason = self.word(words::RESUME_REASONS);
        let change = self.change(by, Some(reason))?;
        self.save(by, self.case()?.resume()?, change)
    }

    fn change_tier(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let reason = self.word(words::TIER_REASONS);
        let change = self.change(by, Some(reason))?;
        let row = self.case()?.change_tier(self.plot.tier, self.assignee(), false)?;
        self.save(by, row, change)
    }

    fn reassign(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let Some(to) = self.assignable(row.assigned_to_id) else { return Ok(()) };
        let by = self.worker()?;
        let reason = self.word(words::REASSIGN_REASONS);
        let change = self.change(by, Some(reason))?;
        let row = row.assign(Some(self.user(to)?), false)?;
        self.save(by, row, change)
    }

    fn unassign(&mut self) -> Result<(), DemoError> {
        let by = self.manager_or_administrator()?;
        let reason = self.word(words::REASSIGN_REASONS);
        let change = self.change(by, Some(reason))?;
        self.save(by, self.case()?.assign(None, false)?, change)
    }

    fn take_over(&mut self) -> Result<(), DemoError> {
        let by = self.technician(None).ok_or(DemoError::NoSuchPerson)?;
        let change = self.change(by, None)?;
        let row = self.case()?.take(self.user(by)?)?;
        self.save(by, row, change)
    }

    fn adjust_credit(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let row = self.case()?;
        let reason = self.word(words::CREDIT_REASONS);
        let credit_tenths = other_credit(row.credit_tenths);
        let change = self.change(by, Some(reason))?;
        self.save(by, row.adjust_credit(credit_tenths)?, change)
    }

    fn complete(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let release = self.release_of();
        let row = self.case()?;
        let missing_reports = self.missing_reports(&row);
        let (assignee, override_incomplete) = (self.assignee(), !missing_reports.is_empty());
        let is_reviewed = assignee.is_some_and(user::Model::is_reviewed);
        let completion = Completion { assignee, missing_reports: &missing_reports, override_incomplete, release };
        let row = row.complete(completion, self.at)?;
        let mut change = self.change(by, None)?;
        if override_incomplete {
            change.note(key::OVERRIDE_INCOMPLETE, true);
            change.note(key::MISSING_REPORTS, missing_reports.as_slice());
        }
        if is_reviewed {
            change.note(key::REVIEW_CYCLE, Some(review::next_cycle(&self.reviews)));
        }
        self.save(by, row, change)
    }

    fn decide(&mut self, status: ReviewStatus) -> Result<(), DemoError> {
        let case = self.case()?;
        let may = |row: &user::Model| CaseAction::Review.permits(&Caller::new(row, Uuid::nil()), &case);
        let by = self.people.pick(&mut self.rng, self.at, may).ok_or(DemoError::NoSuchPerson)?;
        let notes = self.word(words::REVIEW_NOTES);
        let notes = (status != ReviewStatus::Approved || self.rng.chance(0.4)).then_some(notes);
        let mut change = self.change(by, None)?;
        change.note(key::REVIEW_CYCLE, Some(review::cycle(&self.reviews)));
        let release = self.release_of();
        let decision = Decision { status, notes, reviewer: by, release };
        self.save(by, case.decide(decision, self.at)?, change)
    }

    /// When the result is released to the member: mostly immediately, for a few cases not yet.
    fn release_of(&mut self) -> Release {
        let now = self.calendar.now;
        let hours = TimeDelta::hours(self.rng.between(2, 30));
        let is_last = self.until(|step| matches!(step, Step::Complete | Step::Decide(_))) == now;
        let released_at = self.until(|step| step == Step::Release);
        match self.plot.is_released {
            false => Release::At(now + hours * 3),
            true if is_last && released_at < now => Release::At(released_at + hours),
            true if is_last && self.at + hours < now && self.rng.chance(0.2) => Release::At(self.at + hours),
            true => Release::Now,
        }
    }

    fn release(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let mut change = self.change(by, None)?;
        change.note(key::TRIGGER, "manual");
        self.save(by, self.case()?.release(self.at)?, change)
    }

    fn reopen(&mut self) -> Result<(), DemoError> {
        let by = self.worker()?;
        let reason = self.word(words::REOPEN_REASONS);
        let change = self.change(by, Some(reason))?;
        self.save(by, self.case()?.reopen(self.assignee())?, change)
    }
}

/// The urgency that a due date requires, by the first settings, whose threshold a history doesn't change.
fn required_urgency(due_on: NaiveDate, today: NaiveDate) -> Urgency {
    Urgency::required_by(due_on, today, setting::Model::first().rush_case_threshold_days)
}

/// Half a credit more, or half a credit less at the maximum.
fn other_credit(tenths: i32) -> i32 {
    if tenths < 30 { tenths + 5 } else { tenths - 5 }
}

fn email(first_name: &str, last_name: &str) -> String {
    format!("{first_name}.{last_name}@mail.example").to_lowercase()
}
