//! The text of each email: what happened, and what the recipient does next.
//!
//! Parameters hold instants in RFC 3339. They are written as civil times when the email is sent, in the time zone that the
//! settings have then.

use entity::case::RejectionReason;
use entity::job::JobName;
use entity::outbox::{
    self, EmailNames, EmailParameters, FailureParameters, HoldParameters, RejectionParameters, ReleaseParameters,
};
use entity::setting;
use serde_json::Value as Json;

/// Subject and body.
#[derive(Debug, PartialEq, Eq)]
pub struct EmailMessage {
    pub subject: String,
    pub text: String,
}

/// What the member of a case does while it is on hold.
const WHILE_ON_HOLD: &str =
    "If the reason asks for a document or an answer, add it to the case; you will be notified when work on the case continues.";

/// What an email says between greeting and footer.
struct Content {
    happened: String,
    /// What the recipient can or has to do, in one sentence.
    next: String,
}

/// The text of an email. A template that this version doesn't know, queued by a newer one, is sent too: the text at least names
/// the case.
pub fn write(mail: &outbox::Model, settings: &setting::Model) -> EmailMessage {
    let email = EmailData { mail, settings, names: EmailNames::read(mail) };
    let parameters = EmailParameters::read(mail);
    let subject = parameters.as_ref().map_or_else(|| email.unknown_subject(), |known| known.title(email.number()));
    let Content { happened, next } = match parameters {
        Some(EmailParameters::CaseHeld(hold)) => email.case_held(&hold),
        Some(EmailParameters::CaseHoldChanged(hold)) => email.case_hold_changed(&hold),
        Some(EmailParameters::CaseResumed) => email.case_resumed(),
        Some(EmailParameters::CaseRejected(rejection)) => email.case_rejected(&rejection),
        Some(EmailParameters::CaseReleased(release)) => email.case_released(&release),
        Some(EmailParameters::CaseMemberChanged) => email.case_member_changed(),
        Some(EmailParameters::JobFailed(failure)) => email.job_failed(&failure),
        None => email.unknown(),
    };
    let greeting = match email.names.first_name.as_str() {
        "" => String::new(),
        name => format!("Dear {name},\n\n"),
    };
    EmailMessage { subject, text: format!("{greeting}{}\n\n{next}\n\nThis email was sent by Casetrail.\n", happened.trim_end()) }
}

/// What an email reports besides its parameters: its row with the names, and the settings that apply when it is sent.
struct EmailData<'a> {
    mail: &'a outbox::Model,
    settings: &'a setting::Model,
    names: EmailNames,
}

impl EmailData<'_> {
    /// When it happened: emails are queued in the transaction of the change that they report.
    fn happened_at(&self) -> String {
        self.settings.civil_time(self.mail.queued_at)
    }

    /// The number of the case.
    fn number(&self) -> &str {
        self.mail.case_number.as_deref().unwrap_or_default()
    }

    /// The number of the case with the employee whom it concerns.
    fn case(&self) -> String {
        match self.names.employee_name.as_deref().unwrap_or_default() {
            "" => self.number().to_owned(),
            name => format!("{} ({name})", self.number()),
        }
    }

    /// When a hold is expected to end.
    fn expected_end(&self, hold: &HoldParameters) -> String {
        match hold.expected_end_at {
            Some(end) => format!("It is expected to be resumed by {}.", self.settings.civil_time(end)),
            None => "The hold has no expected end.".to_owned(),
        }
    }

    fn case_held(&self, hold: &HoldParameters) -> Content {
        let (case, reason, at) = (self.case(), &hold.reason, self.happened_at());
        let end = self.expected_end(hold);
        Content {
            happened: format!("Case {case} was put on hold on {at}.\n\nReason: {reason}\n\n{end}"),
            next: WHILE_ON_HOLD.to_owned(),
        }
    }

    fn case_hold_changed(&self, hold: &HoldParameters) -> Content {
        let (case, reason, at) = (self.case(), &hold.reason, self.happened_at());
        let end = self.expected_end(hold);
        Content {
            happened: format!("Case {case} is on hold, and its expected end was changed on {at}.\n\nReason: {reason}\n\n{end}"),
            next: WHILE_ON_HOLD.to_owned(),
        }
    }

    fn case_member_changed(&self) -> Content {
        let (case, at) = (self.case(), self.happened_at());
        Content {
            happened: format!("Case {case} was handed over to you on {at}. You are now its member."),
            next: "Look at the case and its documents; you will be notified of what happens to it.".to_owned(),
        }
    }

    fn case_resumed(&self) -> Content {
        let (case, at) = (self.case(), self.happened_at());
        Content {
            happened: format!("The hold of case {case} ended on {at}, and work on the case continues."),
            next: "You do not have to do anything; you will be notified when the result is released.".to_owned(),
        }
    }

    fn case_rejected(&self, rejection: &RejectionParameters) -> Content {
        let (case, at) = (self.case(), self.happened_at());
        let reason = rejection_reason(rejection.rejection_reason.as_deref().unwrap_or_default());
        let notes = &rejection.rejection_notes;
        Content {
            happened: format!("Case {case} was returned to you on {at}.\n\nReason: {reason}\n\nNotes: {notes}"),
            next: "Edit the case or add the missing documents, and then resubmit it.".to_owned(),
        }
    }

    fn case_released(&self, release: &ReleaseParameters) -> Content {
        let case = self.case();
        let at = release.released_at.map_or_else(|| self.happened_at(), |at| self.settings.civil_time(at));
        Content {
            happened: format!("The result of case {case} was released to you on {at}."),
            next:
                "You can download the reports of the case, and if the result has to be revised, add a document and resubmit the \
                   case."
                    .to_owned(),
        }
    }

    fn job_failed(&self, failure: &FailureParameters) -> Content {
        let (FailureParameters { job_name: job, error_message: error }, at) = (failure, self.happened_at());
        let runs = match JobName::parse(job) {
            Some(_) => format!("GET /api/v1/job-runs?job_name={job}"),
            // A job of another system: only what that system reported is known.
            None => "GET /api/v1/reports/system-events?event_type=cron_job".to_owned(),
        };
        Content {
            happened: format!("A run of the job {job} failed on {at}.\n\nError: {error}"),
            next: format!("Look at its last runs at {runs}; no other email about this job is sent until a run has succeeded."),
        }
    }

    fn unknown_subject(&self) -> String {
        match &self.mail.case_number {
            Some(number) => format!("Update on case {number}"),
            None => "Update from Casetrail".to_owned(),
        }
    }

    fn unknown(&self) -> Content {
        let (case, template, at) = (self.case(), &self.mail.template, self.happened_at());
        match self.mail.case_number {
            Some(_) => Content {
                happened: format!("There is an update on case {case}: {template}, on {at}."),
                next: "Look at the case to see what has changed.".to_owned(),
            },
            None => Content {
                happened: format!("There is an update: {template}, on {at}."),
                next: "Look at your alerts to see what it is about.".to_owned(),
            },
        }
    }
}

/// A rejection reason in words; the code of one that this version doesn't know.
fn rejection_reason(code: &str) -> &str {
    match serde_json::from_value(Json::from(code)) {
        Ok(RejectionReason::IncompleteFff) => "the fact finder is incomplete",
        Ok(RejectionReason::MissingDocuments) => "documents are missing",
        Ok(RejectionReason::InsufficientData) => "the data is insufficient",
        Ok(RejectionReason::InvalidCreditRequest) => "the credit request is invalid",
        Ok(RejectionReason::TierMismatch) => "the tier does not match",
        Ok(RejectionReason::Other) => "another one, see the notes",
        Err(_) => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::outbox::{MailStatus, Template};
    use sea_orm::Iterable;
    use serde_json::{Map, json};
    use uuid::Uuid;

    const NUMBER: &str = "WS001-2026-12-0001";

    /// The email as sent with the settings' time zone, queued on the first of December at half past two in Chicago.
    fn sent_in(zone: &str, template: &str, case_number: Option<&str>, parameters: &Json) -> EmailMessage {
        let queued_at = "2026-12-01T20:30:00Z".parse().unwrap();
        let mail = outbox::Model {
            id: Uuid::nil(),
            status: MailStatus::Pending,
            recipient: "ada@example.org".to_owned(),
            template: template.to_owned(),
            queued_at,
            parameters: parameters.to_string(),
            case_id: None,
            case_number: case_number.map(str::to_owned),
            related_user_id: None,
            send_after: Some(queued_at),
            attempts: 0,
            last_attempt_at: None,
            last_error: None,
            sent_at: None,
        };
        write(&mail, &setting::Model { time_zone: zone.to_owned(), ..setting::Model::first() })
    }

    fn sent(template: &str, parameters: &Json) -> EmailMessage {
        sent_in("America/Chicago", template, Some(NUMBER), parameters)
    }

    /// Template, parameters in addition to the names, subject, what happened, what to do next.
    const TABLE: [(Template, &str, &str, &str, &str); 8] = [
        (
            Template::CaseHeld,
            r#"{"reason": "waiting for pay stub", "expected_end_at": "2027-03-31T19:30:00.000Z"}"#,
            "Case WS001-2026-12-0001 is on hold",
            "Case WS001-2026-12-0001 (Ada Moss) was put on hold on Tuesday, 1 December 2026, 14:30 (America/Chicago).\n\n\
             Reason: waiting for pay stub\n\n\
             It is expected to be resumed by Wednesday, 31 March 2027, 14:30 (America/Chicago).",
            "If the reason asks for a document or an answer, add it to the case; you will be notified when work on the case \
             continues.",
        ),
        (
            Template::CaseHoldChanged,
            r#"{"reason": "waiting for pay stub", "expected_end_at": "2027-03-31T19:30:00.000Z"}"#,
            "The hold of case WS001-2026-12-0001 has a new expected end",
            "Case WS001-2026-12-0001 (Ada Moss) is on hold, and its expected end was changed on Tuesday, 1 December 2026, 14:30 \
             (America/Chicago).\n\n\
             Reason: waiting for pay stub\n\n\
             It is expected to be resumed by Wednesday, 31 March 2027, 14:30 (America/Chicago).",
            "If the reason asks for a document or an answer, add it to the case; you will be notified when work on the case \
             continues.",
        ),
        (
            Template::CaseMemberChanged,
            "{}",
            "Case WS001-2026-12-0001 was handed over to you",
            "Case WS001-2026-12-0001 (Ada Moss) was handed over to you on Tuesday, 1 December 2026, 14:30 (America/Chicago). You \
             are now its member.",
            "Look at the case and its documents; you will be notified of what happens to it.",
        ),
        (
            Template::CaseResumed,
            "{}",
            "Case WS001-2026-12-0001 was resumed",
            "The hold of case WS001-2026-12-0001 (Ada Moss) ended on Tuesday, 1 December 2026, 14:30 (America/Chicago), and work \
             on the case continues.",
            "You do not have to do anything; you will be notified when the result is released.",
        ),
        (
            Template::CaseRejected,
            r#"{"rejection_reason": "missing_documents", "rejection_notes": "the pay stub, please"}"#,
            "Case WS001-2026-12-0001 needs to be resubmitted",
            "Case WS001-2026-12-0001 (Ada Moss) was returned to you on Tuesday, 1 December 2026, 14:30 (America/Chicago).\n\n\
             Reason: documents are missing\n\n\
             Notes: the pay stub, please",
            "Edit the case or add the missing documents, and then resubmit it.",
        ),
        (
            Template::CaseReleased,
            r#"{"released_at": "2026-12-01T20:31:00.000Z"}"#,
            "Case WS001-2026-12-0001 is completed",
            "The result of case WS001-2026-12-0001 (Ada Moss) was released to you on Tuesday, 1 December 2026, 14:31 \
             (America/Chicago).",
            "You can download the reports of the case, and if the result has to be revised, add a document and resubmit the \
             case.",
        ),
        (
            Template::JobFailed,
            r#"{"job_name": "send_scheduled_emails", "error_message": "no connection"}"#,
            "Job send_scheduled_emails failed",
            "A run of the job send_scheduled_emails failed on Tuesday, 1 December 2026, 14:30 (America/Chicago).\n\n\
             Error: no connection",
            "Look at its last runs at GET /api/v1/job-runs?job_name=send_scheduled_emails; no other email about this job is sent \
             until a run has succeeded.",
        ),
        (
            Template::JobFailed,
            r#"{"job_name": "nightly-sync", "error_message": "no connection"}"#,
            "Job nightly-sync failed",
            "A run of the job nightly-sync failed on Tuesday, 1 December 2026, 14:30 (America/Chicago).\n\nError: no connection",
            "Look at its last runs at GET /api/v1/reports/system-events?event_type=cron_job; no other email about this job is \
             sent until a run has succeeded.",
        ),
    ];

    #[test]
    fn each_template_says_what_happened_when_and_what_to_do() {
        for template in Template::iter() {
            assert!(TABLE.iter().any(|row| row.0 == template), "{template:?} is missing in the table");
        }
        for (template, parameters, subject, happened, next) in TABLE {
            let mut parameters: Map<String, Json> = serde_json::from_str(parameters).unwrap();
            parameters.insert("first_name".to_owned(), json!("Mia"));
            parameters.insert("employee_name".to_owned(), json!("Ada Moss"));
            let text = format!("Dear Mia,\n\n{happened}\n\n{next}\n\nThis email was sent by Casetrail.\n");
            assert_eq!(sent(template.code(), &Json::Object(parameters)), EmailMessage { subject: subject.to_owned(), text });
        }
    }

    #[test]
    fn instants_follow_the_zone_of_the_settings_at_the_time_of_sending() {
        let held = json!({"reason": "because", "expected_end_at": "2026-11-01T07:30:00.000Z"});
        let ends = [
            (
                "America/Chicago",
                "1 December 2026, 14:30 (America/Chicago)",
                "1 November 2026, 01:30 (America/Chicago, UTC-06:00)",
            ),
            ("Asia/Tokyo", "2 December 2026, 05:30 (Asia/Tokyo)", "1 November 2026, 16:30 (Asia/Tokyo)"),
            ("Mars/Olympus", "1 December 2026, 20:30 (UTC)", "1 November 2026, 07:30 (UTC)"),
        ];
        for (zone, at, end) in ends {
            let text = sent_in(zone, "case_held", Some(NUMBER), &held).text;
            assert!(text.contains(&format!("{at}.")) && text.contains(&format!("{end}.")), "{zone}: {text}");
        }
    }

    #[test]
    fn an_open_ended_hold_says_so() {
        let text = sent("case_held", &json!({"reason": "because", "expected_end_at": null})).text;
        assert!(text.contains("Reason: because\n\nThe hold has no expected end.\n\n"), "{text}");
    }

    #[test]
    fn every_rejection_reason_is_spelled_out_and_an_unknown_one_is_shown_as_its_code() {
        for reason in RejectionReason::iter() {
            assert_ne!(rejection_reason(reason.code()), reason.code());
        }
        assert_eq!(rejection_reason("wrong_workshop"), "wrong_workshop");
    }

    #[test]
    fn a_template_of_a_newer_version_is_sent_with_a_generic_text() {
        let of_a_case = sent("case_archived", &json!({"employee_name": "Ada Moss"}));
        assert_eq!(of_a_case.subject, "Update on case WS001-2026-12-0001");
        let first = "There is an update on case WS001-2026-12-0001 (Ada Moss): case_archived, on Tuesday, 1 December 2026, 14:30 \
                     (America/Chicago).";
        assert!(of_a_case.text.starts_with(first), "{}", of_a_case.text);
        let of_none = sent_in("America/Chicago", "disk_full", None, &json!("not even an object"));
        assert_eq!(of_none.subject, "Update from Casetrail");
        assert!(of_none.text.contains("disk_full") && of_none.text.contains("14:30 (America/Chicago)"), "{}", of_none.text);
    }
}
