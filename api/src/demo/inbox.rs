//! Notifications: alerts with what their recipients do with them, and emails with their attempts.

use super::calendar::Calendar;
use super::chapter::Recorder;
use super::people::People;
use super::rng::{DemoRng, days};
use chrono::{DateTime, TimeDelta, Utc};
use entity::alert::Notification;
use entity::audit::Event;
use entity::case;
use entity::effect::{Email, Notice};
use entity::job::JobName;
use entity::outbox::{Mail, MailStatus};
use entity::setting;
use entity::user::{self, Person};
use uuid::Uuid;

/// A history has no more alerts than people would still look at: of a load test's review queue there would be millions.
const ALERT_DAYS: i64 = 60;
const READ: f64 = 0.75;
const DISMISSED: f64 = 0.5;
/// The share of emails that their recipient's server refuses.
const FAILED_MAILS: f64 = 0.02;
const REFUSAL: &str = "550 mailbox unavailable";
/// The share of emails that their recipient's server defers at first contact.
const DEFERRED_MAILS: f64 = 0.02;
const DEFERRAL: &str = "450 4.2.0 greylisted, try again later";
const NEXT_ATTEMPT: TimeDelta = TimeDelta::minutes(5);

/// The end of any run that begins this long before now is in the past.
pub(super) const RUN_MAX: TimeDelta = TimeDelta::minutes(2);

/// Where notifications go.
pub(super) struct Inbox<'a> {
    pub calendar: &'a Calendar,
    pub people: &'a People,
    pub rng: &'a mut DemoRng,
    pub recorder: &'a mut Recorder,
}

impl Inbox<'_> {
    /// Raises the alerts of a notification about a case, if it is about one, and queues its emails if it has one.
    pub fn notify(mut self, notice: &Notice, about: Option<&case::Model>, at: DateTime<Utc>) {
        let people = self.people.iter().filter_map(|person| person.at(at));
        for recipient in notice.to.among(people, about) {
            self.alert(notice, recipient.id, at);
            if let Some(email) = &notice.mail {
                self.mail(email, notice.case.as_ref(), recipient, at);
            }
        }
    }

    fn alert(&mut self, notice: &Notice, recipient: Uuid, at: DateTime<Utc>) {
        if self.calendar.now - at > TimeDelta::days(ALERT_DAYS) {
            return;
        }
        let Notice { to: _, kind, severity, title, message, case, mail: _ } = notice;
        let notification = Notification { kind: *kind, severity: *severity, title, message, case: case.as_ref() };
        let mut alert = notification.to(recipient, self.recorder.new_id(at), at);
        let rough = at + days(self.rng.days(0.6, 0.8));
        if rough < self.calendar.now && self.rng.chance(READ) {
            let seen_at = self.calendar.settle(self.rng, rough, at);
            let person = self.people.get(recipient).filter(|person| person.active_at(seen_at).is_some());
            if let Some(origin) = person.and_then(|person| person.origin(seen_at)) {
                alert.read_at = Some(seen_at);
                if self.rng.chance(DISMISSED) {
                    alert.dismissed_at = Some(seen_at);
                    let context = self.recorder.request(origin, seen_at);
                    self.recorder.record(vec![Event::alert_dismissed(&alert, None)], &context, seen_at, false);
                }
            }
        }
        self.recorder.chapter.alerts.push(alert);
    }

    /// Queues an email, and has the dispatcher's runs send it, as far as they are in the past.
    fn mail(&mut self, email: &Email, case: Option<&(Uuid, String)>, to: &user::Model, at: DateTime<Utc>) {
        let Email { parameters, employee_name } = email;
        let mail = Mail { to, parameters, employee_name: employee_name.as_deref(), case };
        let mut mail = mail.queued(&setting::Model::first(), self.recorder.new_id(at), at);
        let person = Person::new(to);
        let is_refused = self.rng.chance(FAILED_MAILS);
        let (mut is_deferred, mut due_at) = (!is_refused && self.rng.chance(DEFERRED_MAILS), at);
        while mail.status == MailStatus::Pending {
            let period = (JobName::SendScheduledEmails, self.calendar.period_from(JobName::SendScheduledEmails, due_at));
            if period.1 + RUN_MAX > self.calendar.now {
                break;
            }
            let (context, sent_at) = self.recorder.in_run(period);
            mail.attempts += 1;
            mail.last_attempt_at = Some(sent_at);
            mail.send_after = Some(sent_at + NEXT_ATTEMPT);
            if is_deferred {
                (is_deferred, due_at) = (false, sent_at + NEXT_ATTEMPT);
                mail.last_error = Some(DEFERRAL.to_owned());
                self.recorder.run_of(period).deferred += 1;
                continue;
            }
            if is_refused {
                (mail.status, mail.last_error) = (MailStatus::Failed, Some(REFUSAL.to_owned()));
                self.recorder.run_of(period).failed += 1;
            } else {
                (mail.status, mail.sent_at, mail.last_error) = (MailStatus::Sent, Some(sent_at), None);
            }
            let event = Event::mail_attempted(&mail, Some(&person), mail.last_error.as_deref());
            self.recorder.record(vec![event], &context, sent_at, false);
        }
        self.recorder.chapter.mails.push(mail);
    }
}
