//! What happens around the steps of a case: documents and notes, each at a time of its own between two steps.

use super::script::Step;
use super::walk::Walk;
use super::{DemoError, pdf, words};
use chrono::{DateTime, TimeDelta, Utc};
use entity::audit::{Actor, AppliedChange, Audited, ChangeContext, happen, key};
use entity::case::{self, RejectionReason};
use entity::document::{self, DocumentType, NewDocument, UploadedDocument};
use entity::effect::Effect;
use entity::note::{self, Visibility};
use entity::text;
use entity::user::Person;
use sea_orm::TryIntoModel;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What happens around a step happens within this time of it.
const NEAR: TimeDelta = TimeDelta::minutes(45);
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const SUPPORTING: f64 = 0.35;
/// The share of documents that were the wrong file, and are deleted at once.
const WRONG_FILES: f64 = 0.08;
/// The share of completions for which a report is left out.
const INCOMPLETE: f64 = 0.08;
const REVISED: f64 = 0.7;
const STAFF_NOTES: f64 = 0.25;
const COMMENTS: f64 = 0.25;
const NOTES_DELETED: f64 = 0.08;

/// A file to be uploaded.
struct Upload<'a> {
    id: Uuid,
    document_type: DocumentType,
    report_number: Option<i32>,
    title: &'a str,
    by: Uuid,
}

impl Walk<'_> {
    /// What must be there before a step: the reports before a completion, a new document before a resubmission.
    pub fn prepare(&mut self, step: Step) -> Result<(), DemoError> {
        let missing_documents = |row: &case::Model| row.rejection_reason == Some(RejectionReason::MissingDocuments);
        match step {
            Step::Submit => self.upload_fact_finder(self.slot_before()),
            Step::Complete => self.upload_reports(),
            Step::Resubmit if self.row.as_ref().is_some_and(missing_documents) || self.around.chance(0.4) => {
                self.upload_supporting(self.slot_before())
            }
            _ => Ok(()),
        }
    }

    /// What may happen after a step.
    pub fn accompany(&mut self, step: Step) -> Result<(), DemoError> {
        match step {
            Step::Submit => {
                self.upload_fact_finder(self.slot_after())?;
                if self.around.chance(SUPPORTING) { self.upload_supporting(self.slot_after()) } else { Ok(()) }
            }
            Step::Accept | Step::Tier | Step::Hold | Step::Reassign | Step::Credit if self.around.chance(STAFF_NOTES) => {
                self.note_by_staff()
            }
            Step::MemberEdit | Step::Resume | Step::Release if self.around.chance(COMMENTS) => self.comment(),
            _ => Ok(()),
        }
    }

    /// The requested reports that the case has no document for.
    pub fn missing_reports(&self, row: &case::Model) -> Vec<i32> {
        let there: Vec<i32> = self.present_documents().filter_map(|document| document.report_number).collect();
        row.missing_reports(&there)
    }

    /// How many documents the member has added since the case was completed or rejected.
    pub fn new_documents(&self, row: &case::Model) -> u64 {
        let uploaded = self.present_documents().filter_map(|document| {
            let uploader = self.people.get(document.uploaded_by_id)?.at(self.at)?;
            let document::Model { case_id, uploaded_by_id, created_at, .. } = *document;
            Some(UploadedDocument { case_id, uploaded_by_id, role: uploader.role, created_at })
        });
        u64::try_from(uploaded.filter(|document| document.is_new_in(row)).count()).unwrap_or_default()
    }

    fn present_documents(&self) -> impl Iterator<Item = &document::Model> {
        self.documents.iter().filter(|document| document.deleted_at.is_none())
    }

    fn report(&self, number: i32) -> Option<usize> {
        self.documents.iter().position(|document| document.report_number == Some(number) && document.deleted_at.is_none())
    }

    fn upload_fact_finder(&mut self, slot: Option<Slot>) -> Result<(), DemoError> {
        let is_there = self.documents.iter().any(|document| document.document_type == DocumentType::FactFinder);
        let Some([at]) = slot.map(Slot::times).filter(|_| !is_there) else { return Ok(()) };
        let by = self.case()?.member_id;
        let (id, title) = (self.recorder.new_id(at), "Federal fact finder");
        self.upload(Upload { id, document_type: DocumentType::FactFinder, report_number: None, title, by }, at).map(drop)
    }

    fn upload_supporting(&mut self, slot: Option<Slot>) -> Result<(), DemoError> {
        let Some([first, deleted_at, second]) = slot.map(Slot::times) else { return Ok(()) };
        let by = self.case()?.member_id;
        let file = |id, title| Upload { id, document_type: DocumentType::Supporting, report_number: None, title, by };
        if self.around.chance(WRONG_FILES) {
            let wrong = file(self.recorder.new_id(first), "Holiday plan");
            if let Some(place) = self.upload(wrong, first)? {
                let row = self.case()?;
                self.delete_document(place, (by, deleted_at), None, &row)?;
            }
        }
        let title = self.around.word(words::SUPPORTING_DOCUMENTS);
        let id = self.recorder.new_id(second);
        self.upload(file(id, title), second).map(drop)
    }

    /// The reports that are missing, mostly all of them; after a revision the first one again.
    fn upload_reports(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let mut numbers = self.missing_reports(&row);
        if numbers.is_empty() && self.around.chance(REVISED) {
            numbers.push(1);
        } else if self.around.chance(INCOMPLETE) {
            numbers.pop();
        }
        let Some(slot) = self.slot_before() else { return Ok(()) };
        let Some(by) = self.assignee().map(|row| row.id) else { return Ok(()) };
        for (number, at) in slot.times_for(numbers) {
            let title = format!("Retirement benefits report {number}");
            let id = self.recorder.new_id(at);
            if let Some(earlier) = self.report(number) {
                self.delete_document(earlier, (by, at), Some(id), &row)?;
            }
            self.upload(Upload { id, document_type: DocumentType::Report, report_number: Some(number), title: &title, by }, at)?;
        }
        Ok(())
    }

    /// Uploads a file, unless its uploader is away. Returns its place among the documents.
    fn upload(&mut self, file: Upload<'_>, at: DateTime<Utc>) -> Result<Option<usize>, DemoError> {
        if !self.has_documents || !self.is_active(file.by, at) {
            return Ok(None);
        }
        let row = self.case()?;
        let Upload { id, document_type, report_number, title, by } = file;
        let lines = [
            format!("Case {}", row.case_number),
            format!("Employee: {} {}", row.employee_first_name, row.employee_last_name),
            format!("Workshop: {}", row.workshop_code),
            format!("Date: {}", self.calendar.day(at)),
            "This document was generated for a demonstration.".to_owned(),
        ];
        let content = pdf::page(title, &lines);
        let new = NewDocument {
            id,
            document_type,
            report_number,
            filename: format!("{}.pdf", title.to_lowercase().replace(' ', "-")),
            content_type: "application/pdf".to_owned(),
            size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
            sha256: text::hex(&Sha256::digest(&content)),
            notes: None,
            uploaded_by_id: by,
        };
        let Some(added) = self.add::<document::Entity>(by, at, None, new.of_case(&row)?, |_| {})? else { return Ok(None) };
        self.recorder.chapter.files.push((added.id, content));
        self.documents.push(added);
        Ok(self.documents.len().checked_sub(1))
    }

    fn delete_document(
        &mut self,
        place: usize,
        (by, at): (Uuid, DateTime<Utc>),
        replaced_by: Option<Uuid>,
        row: &case::Model,
    ) -> Result<(), DemoError> {
        let Some(before) = self.documents.get(place).cloned().filter(|_| self.is_active(by, at)) else { return Ok(()) };
        let note = |change: &mut ChangeContext| {
            if replaced_by.is_some() {
                change.note(key::REPLACED_BY, replaced_by);
            }
        };
        let deleted = self.add::<document::Entity>(by, at, Some(&before), before.clone().delete(row, at)?, note)?;
        if let (Some(deleted), Some(document)) = (deleted, self.documents.get_mut(place)) {
            *document = deleted;
        }
        Ok(())
    }

    fn note_by_staff(&mut self) -> Result<(), DemoError> {
        let Some([at, deleted_at]) = self.slot_after().map(Slot::times) else { return Ok(()) };
        let Some(by) = self.assignee().map(|row| row.id) else { return Ok(()) };
        let visibility = if self.around.chance(0.7) { Visibility::Internal } else { Visibility::Shared };
        let body = match visibility {
            Visibility::Internal => self.around.word(words::INTERNAL_NOTES),
            Visibility::Shared => self.around.word(words::SHARED_NOTES),
        };
        let deleted_at = self.around.chance(NOTES_DELETED).then_some(deleted_at);
        self.write_note((by, visibility, body), at, deleted_at)
    }

    fn comment(&mut self) -> Result<(), DemoError> {
        let row = self.case()?;
        let Some([at]) = self.slot_after().map(Slot::times) else { return Ok(()) };
        let body = self.around.word(words::COMMENTS);
        self.write_note((row.member_id, Visibility::Shared, body), at, None)
    }

    fn write_note(
        &mut self,
        (by, visibility, body): (Uuid, Visibility, &str),
        at: DateTime<Utc>,
        deleted_at: Option<DateTime<Utc>>,
    ) -> Result<(), DemoError> {
        if !self.is_active(by, at) {
            return Ok(());
        }
        let row = note::write(self.recorder.new_id(at), &self.case()?, by, visibility, body);
        let Some(mut note) = self.add::<note::Entity>(by, at, None, row, |_| {})? else { return Ok(()) };
        if let Some(deleted_at) = deleted_at.filter(|at| self.is_active(by, *at)) {
            let deleted = self.add::<note::Entity>(by, deleted_at, Some(&note), note.clone().delete(deleted_at), |_| {})?;
            note = deleted.unwrap_or(note);
        }
        self.recorder.chapter.history.notes.push(note);
        Ok(())
    }

    /// Saves a row that belongs to the case, as an operation of its own, with what must follow.
    fn add<E>(
        &mut self,
        by: Uuid,
        at: DateTime<Utc>,
        before: Option<&E::Model>,
        row: E::ActiveModel,
        note: impl FnOnce(&mut ChangeContext),
    ) -> Result<Option<E::Model>, DemoError>
    where
        E: Audited<Effect = Effect>,
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        let person = self.people.get(by).ok_or(DemoError::NoSuchPerson)?;
        let mut change = ChangeContext::new(Actor::Person(Person::new(person.at(at).ok_or(DemoError::NoSuchPerson)?)));
        note(&mut change);
        let known = |id| self.people.person(id, at);
        let Some(AppliedChange { row: after, events, effects }) = happen::<E>(before, row, &mut change, known, at)? else {
            return Ok(None);
        };
        let context = self.recorder.request(person.origin(at).ok_or(DemoError::NoSuchPerson)?, at);
        self.recorder.record(events, &context, at, true);
        effects.into_iter().try_for_each(|effect| self.follow(effect, at))?;
        Ok(Some(after))
    }

    fn is_active(&self, id: Uuid, at: DateTime<Utc>) -> bool {
        self.people.get(id).is_some_and(|person| person.active_at(at).is_some())
    }

    /// The second half of the time since the previous step, as far as it is near this step.
    fn slot_before(&self) -> Option<Slot> {
        let (_, previous_at) = self.place.checked_sub(1).and_then(|place| self.steps.get(place)).copied()?;
        let half = previous_at + (self.at - previous_at) / 2;
        Slot::new(half.max(self.at - NEAR), self.at)
    }

    /// The first half of the time until the next step, as far as it is near this step.
    fn slot_after(&self) -> Option<Slot> {
        let next_at = self.steps.get(self.place + 1).map_or(self.calendar.now, |(_, at)| *at);
        let half = self.at + (next_at - self.at) / 2;
        Slot::new(self.at, half.min(self.at + NEAR))
    }
}

/// A time in which something can happen, both ends excluded.
#[derive(Clone, Copy, Debug)]
struct Slot {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Slot {
    fn new(from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Self> {
        (until - from >= SHORTEST).then_some(Self { from, until })
    }

    /// As many times as asked for, in order and evenly apart.
    fn times<const COUNT: usize>(self) -> [DateTime<Utc>; COUNT] {
        std::array::from_fn(|index| self.part(index, COUNT))
    }

    /// Each item with a time of its own.
    fn times_for<T>(self, items: Vec<T>) -> impl Iterator<Item = (T, DateTime<Utc>)> {
        let count = items.len();
        items.into_iter().enumerate().map(move |(index, item)| (item, self.part(index, count)))
    }

    fn part(self, index: usize, count: usize) -> DateTime<Utc> {
        let whole = |number: usize| i64::try_from(number).unwrap_or_default();
        let millis = (self.until - self.from).num_milliseconds() * (whole(index) + 1) / (whole(count) + 1);
        self.from + TimeDelta::milliseconds(millis)
    }
}
