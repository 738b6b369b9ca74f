//! The settings: an administrator changes some that the rest of the history doesn't depend on.

use super::DemoError;
use super::calendar::Calendar;
use super::chapter::Recorder;
use super::people::People;
use super::rng::{DemoRng, HistoryPart};
use chrono::TimeDelta;
use entity::audit::{Actor, AppliedChange, ChangeContext, happen};
use entity::setting::{self, SettingsChange};
use entity::user::{Person, Role};

pub(super) fn adjust(seed: u64, calendar: &Calendar, people: &People, recorder: &mut Recorder) -> Result<(), DemoError> {
    let mut rng = DemoRng::new(seed, HistoryPart::Settings, 0);
    let changes = [
        SettingsChange { reply_email_address: Some(Some("desk@casetrail.example".to_owned())), ..SettingsChange::default() },
        SettingsChange {
            case_document_quota_mib: Some(1_024),
            member_document_quota_mib: Some(4_096),
            ..SettingsChange::default()
        },
        SettingsChange { case_document_quota_mib: Some(2_048), ..SettingsChange::default() },
    ];
    let mut settings = setting::Model::first();
    let mut last = calendar.start + TimeDelta::days(3);
    for change in changes {
        let until = last + (calendar.now - calendar.start) / 4;
        let at = calendar.within(&mut rng, last, until);
        last = at + TimeDelta::hours(1);
        let administrator = people.pick(&mut rng, at, |row| row.role == Role::Administrator);
        let Some(person) = administrator.and_then(|id| people.get(id)) else { continue };
        let (Some(origin), Some(row)) = (person.origin(at), person.at(at)) else { continue };
        let mut context = ChangeContext::new(Actor::Person(Person::new(row)));
        let row = settings.clone().change(change);
        let applied = happen::<setting::Entity>(Some(&settings), row, &mut context, |_| None, at)?;
        if let Some(AppliedChange { row, events, effects: _ }) = applied {
            let request = recorder.request(origin, at);
            recorder.record(events, &request, at, true);
            settings = row;
        }
    }
    recorder.chapter.history.settings = Some(settings);
    Ok(())
}
