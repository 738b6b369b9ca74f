//! The text of each email.

use entity::outbox::{self, Template};
use serde_json::{Map, Value as Json};

/// Subject and body.
#[derive(Debug, PartialEq, Eq)]
pub struct EmailMessage {
    pub subject: String,
    pub text: String,
}

/// The text of an email. A template that this version doesn't know, queued by a newer one, at least names its case.
pub fn write(mail: &outbox::Model) -> EmailMessage {
    let parameters: Map<String, Json> = serde_json::from_str(&mail.parameters).unwrap_or_default();
    let said = |name: &str| parameters.get(name).and_then(Json::as_str).unwrap_or_default();
    let case = mail.case_number.as_deref().unwrap_or("your case");
    let (subject, text) = match Template::parse(&mail.template) {
        Some(Template::CaseHeld) => {
            let end = match said("expected_end_at") {
                "" => String::new(),
                at => format!(" It is expected to resume by {at}."),
            };
            (format!("Case {case} is on hold"), format!("Case {case} was put on hold.\n\nReason: {}\n{end}", said("reason")))
        }
        Some(Template::CaseResumed) => {
            (format!("Case {case} was resumed"), format!("The hold of case {case} has ended and work on it continues."))
        }
        Some(Template::CaseRejected) => (
            format!("Case {case} needs to be resubmitted"),
            format!("Case {case} was returned to you.\n\nWhat is missing: {}", said("rejection_notes")),
        ),
        Some(Template::CaseReleased) => {
            (format!("Case {case} is completed"), format!("The result of case {case} was released to you."))
        }
        Some(Template::JobFailed) => {
            let job = said("job_name");
            (format!("Job {job} failed"), format!("A run of the job {job} failed.\n\nError: {}", said("error_message")))
        }
        None => (format!("Update on case {case}"), format!("There is an update on case {case} ({}).", mail.template)),
    };
    let greeting = match said("first_name") {
        "" => String::new(),
        name => format!("Dear {name},\n\n"),
    };
    EmailMessage { subject, text: format!("{greeting}{}\n\nThis email was sent by Casetrail.\n", text.trim_end()) }
}
