//! What each mail says.

use entity::outbox::{self, Template};
use serde_json::{Map, Value as Json};

/// Subject and text.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

/// The words of a mail. A template that this version doesn't know, queued by a newer one, says at least which case it is about.
pub fn write(mail: &outbox::Model) -> Letter {
    let parameters: Map<String, Json> = serde_json::from_str(&mail.parameters).unwrap_or_default();
    let said = |name: &str| parameters.get(name).and_then(Json::as_str).unwrap_or_default();
    let case = mail.case_number.as_deref().unwrap_or("your case");
    let (subject, text) = match Template::of(&mail.template) {
        Some(Template::CaseHeld) => {
            let end = match said("expected_end_at") {
                "" => String::new(),
                at => format!(" It is expected to go on by {at}."),
            };
            (format!("Case {case} is on hold"), format!("Case {case} was put on hold.\n\nReason: {}\n{end}", said("reason")))
        }
        Some(Template::CaseResumed) => {
            (format!("Case {case} goes on"), format!("The hold of case {case} is over; it is worked on again."))
        }
        Some(Template::CaseRejected) => (
            format!("Case {case} needs to be resubmitted"),
            format!("Case {case} was handed back to you.\n\nWhat is missing: {}", said("rejection_notes")),
        ),
        Some(Template::CaseReleased) => {
            (format!("Case {case} is completed"), format!("The result of case {case} was released to you."))
        }
        Some(Template::JobFailed) => {
            let job = said("job_name");
            (format!("Job {job} failed"), format!("A run of the job {job} failed.\n\nError: {}", said("error_message")))
        }
        None => (format!("News of case {case}"), format!("There is news of case {case} ({}).", mail.template)),
    };
    let greeting = match said("first_name") {
        "" => String::new(),
        name => format!("Dear {name},\n\n"),
    };
    Letter { subject, text: format!("{greeting}{}\n\nThis mail was written by Casetrail.\n", text.trim_end()) }
}
