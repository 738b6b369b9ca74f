//! The entries about emails.

use super::Model;
use crate::audit::{Action, Event, Outcome};
use crate::user::Person;

/// Entries about emails.
impl Event {
    /// One attempt to send a queued email; `error` is the reason for a failure.
    pub fn mail_attempted(mail: &Model, to: Option<&Person>, error: Option<&str>) -> Self {
        let name = to.map_or(mail.recipient.as_str(), |person| person.username.as_str());
        let attempt = u32::try_from(mail.attempts).unwrap_or_default();
        let event = Self::email(name, &mail.recipient, &mail.template, attempt, error).about(to).with("message_id", mail.id);
        Self { case: mail.case_id.zip(mail.case_number.clone()), object: ("email", mail.id.to_string()), ..event }
    }

    /// One attempt to send an email to a user.
    pub fn email_notification_sent(recipient: &Person, template: &str, attempt: u32, error: Option<&str>) -> Self {
        Self::email(&recipient.username, &recipient.email, template, attempt, error).about(Some(recipient))
    }

    fn email(name: &str, address: &str, template: &str, attempt: u32, error: Option<&str>) -> Self {
        let (outcome, status) = if error.is_some() { (Outcome::Failure, "failed") } else { (Outcome::Success, "sent") };
        let description = format!("Email {template} to {name} {status}");
        Self::new(Action::EmailNotificationSent, ("email", template.to_owned()), description)
            .ending(outcome)
            .with("recipient", address)
            .with("template", template)
            .with("delivery_status", status)
            .with("attempt", attempt)
            .with("error_message", error)
    }
}
