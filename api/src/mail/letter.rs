//! What each mail says.

use entity::outbox;
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
    let (subject, text) = match mail.template.as_str() {
        "case_held" => {
            let end = match said("expected_end_at") {
                "" => String::new(),
                at => format!(" It is expected to go on by {at}."),
            };
            (format!("Case {case} is on hold"), format!("Case {case} was put on hold.\n\nReason: {}\n{end}", said("reason")))
        }
        "case_resumed" => (format!("Case {case} goes on"), format!("The hold of case {case} is over; it is worked on again.")),
        "case_rejected" => (
            format!("Case {case} needs to be resubmitted"),
            format!("Case {case} was handed back to you.\n\nWhat is missing: {}", said("rejection_notes")),
        ),
        "case_released" => (format!("Case {case} is completed"), format!("The result of case {case} was released to you.")),
        "job_failed" => {
            let job = said("job_name");
            (format!("Job {job} failed"), format!("A run of the job {job} failed.\n\nError: {}", said("error_message")))
        }
        template => (format!("News of case {case}"), format!("There is news of case {case} ({template}).")),
    };
    Letter { subject, text: format!("{}\n\nThis mail was written by Casetrail.\n", text.trim_end()) }
}
