//! The entries about emails.

use super::Model;
use crate::audit::metadata::metadata;
use crate::audit::{Event, Outcome};
use crate::user::Person;
use sea_orm::prelude::Uuid;

/// Entries about emails.
impl Event {
    /// One attempt to send a queued email; `error` is the reason for a failure.
    pub fn mail_attempted(mail: &Model, to: Option<&Person>, error: Option<&str>) -> Self {
        let name = to.map_or(mail.recipient.as_str(), |person| person.username.as_str());
        let attempt = u32::try_from(mail.attempts).unwrap_or_default();
        let event = Self::email(name, &mail.recipient, &mail.template, attempt, error, Some(mail.id)).about(to);
        Self { case: mail.case_id.zip(mail.case_number.clone()), object: ("email".into(), mail.id.to_string()), ..event }
    }

    /// One attempt to send an email to a user.
    pub fn email_notification_sent(recipient: &Person, template: &str, attempt: u32, error: Option<&str>) -> Self {
        Self::email(&recipient.username, &recipient.email, template, attempt, error, None).about(Some(recipient))
    }

    fn email(name: &str, address: &str, template: &str, attempt: u32, error: Option<&str>, message_id: Option<Uuid>) -> Self {
        let (outcome, status) = if error.is_some() { (Outcome::Failure, "failed") } else { (Outcome::Success, "sent") };
        let description = format!("Email {template} to {name} {status}");
        let metadata = metadata![EmailNotificationSent;
            RECIPIENT = address,
            TEMPLATE = Some(template),
            DELIVERY_STATUS = status,
            ATTEMPT = Some(attempt),
            ERROR_MESSAGE = error,
            [MESSAGE_ID] = message_id,
        ];
        Self::new(metadata, ("email", template.to_owned()), description).ending(outcome)
    }
}
